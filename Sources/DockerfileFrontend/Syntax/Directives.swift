// SPDX-License-Identifier: Apache-2.0

/// The `# name=value` lines at the top of a file.
///
/// Source: Dockerfile reference, "Parser directives"; BuildKit, `frontend/dockerfile/parser/directives.go`.
struct Directives: Sendable {
    /// `# syntax=`.
    private(set) var syntax: Word?
    /// `# check=`.
    private(set) var check: Word?
    /// The character that continues lines and escapes characters.
    private(set) var escape = UInt8(ascii: "\\")
    /// All of them, in order: (name, value).
    private(set) var all: [(name: String, value: Word)] = []

    private static let names: Set<String> = ["syntax", "escape", "check"]

    /// Reads the lines from the first on, until one is no directive.
    ///
    /// - Returns: The directives and the number of the first line after them.
    static func read(_ file: SourceFile) throws(DockerfileError) -> (Directives, next: Int) {
        var directives = Directives()
        var number = 1
        // The first line may name a program that interprets the file.
        if file.lineBytes(1).starts(with: "#!".utf8) { number = 2 }
        while number <= file.lineCount, let found = split(file.lineBytes(number)) {
            let (name, range) = found
            let line = file.lineBytes(number)
            let span = Span(line: number, column: range.lowerBound - line.startIndex, length: range.count)
            try directives.add(name, Word(text: line[range].text, span: span), in: file)
            number += 1
        }
        return (directives, number)
    }

    /// The name in small letters and the range of the value, where `line` is a directive.
    static func split(_ line: ArraySlice<UInt8>, comment: Bool = true) -> (String, Range<Int>)? {
        var rest = line.trimmingStart
        if comment {
            guard rest.first == UInt8(ascii: "#") else { return nil }
            rest = rest.dropFirst().trimmingStart
        }
        let name = rest.prefix { isNameByte($0) }
        guard let first = name.first, !(0x30...0x39).contains(first) else { return nil }
        rest = rest[name.endIndex...].trimmingStart
        guard rest.first == UInt8(ascii: "=") else { return nil }
        let value = rest.dropFirst().trimmed
        let key = name.text.lowercased()
        guard !value.isEmpty, names.contains(key) else { return nil }
        return (key, value.startIndex..<value.endIndex)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private mutating func add(_ name: String, _ value: Word, in file: SourceFile) throws(DockerfileError) {
        if all.contains(where: { $0.name == name }) {
            throw file.error("only one '\(name)' directive can be used", at: value.span)
        }
        all.append((name, value))
        switch name {
        case "syntax": syntax = value
        case "check": check = value
        default:
            guard value.text == "\\" || value.text == "`", let byte = value.text.utf8.first else {
                throw file.error("invalid escape '\(value.text)'", at: value.span, advice: "it can be \\ or `")
            }
            escape = byte
        }
    }
}
