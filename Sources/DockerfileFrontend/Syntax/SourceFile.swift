// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A Dockerfile's bytes, cut into lines.
struct SourceFile: Sendable {
    /// The name that messages show.
    let name: String
    /// The bytes as they came, byte order mark included; locations in a definition refer to them.
    let bytes: [UInt8]
    /// Where each line starts; the first after a byte order mark.
    private let starts: [Int]

    /// Cuts `bytes` into lines.
    ///
    /// - Throws: `DockerfileError` for bytes that are not UTF-8.
    init(name: String, bytes: [UInt8]) throws(DockerfileError) {
        self.name = name
        self.bytes = bytes
        var starts = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
        for (index, byte) in bytes.enumerated() where byte == 0x0A && index + 1 < bytes.count {
            starts.append(index + 1)
        }
        self.starts = starts
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw DockerfileError("\(name) is UTF-16 text", advice: "save it as UTF-8")
        }
        if String(validating: bytes, as: UTF8.self) == nil { throw notText() }
    }

    private func notText() -> DockerfileError {
        for number in 1...lineCount where String(validating: lineBytes(number), as: UTF8.self) == nil {
            let good = lineBytes(number).indices.last {
                String(validating: lineBytes(number)[..<$0], as: UTF8.self) != nil
            }
            let span = Span(line: number, column: (good ?? 0) - (lineBytes(number).startIndex), length: 1)
            return error("the line is not UTF-8 text", at: span, advice: "save the file as UTF-8")
        }
        return DockerfileError("\(name) is not UTF-8 text", advice: "save it as UTF-8")
    }

    /// How many lines there are, at least 1.
    var lineCount: Int { starts.count }

    /// The bytes of a line (from 1) with its end; empty beyond the last.
    func rawLine(_ number: Int) -> ArraySlice<UInt8> {
        guard number >= 1, number <= starts.count else { return [] }
        let end = number < starts.count ? starts[number] : bytes.count
        return bytes[min(starts[number - 1], end)..<end]
    }

    /// The bytes of a line (from 1) without its end.
    func lineBytes(_ number: Int) -> ArraySlice<UInt8> {
        var line = rawLine(number)
        while let last = line.last, last == 0x0A || last == 0x0D { line.removeLast() }
        return line
    }

    /// An error at a place of this file.
    func error(_ message: String, at span: Span, advice: String? = nil, kind: FaultKind = .usage)
        -> DockerfileError
    {
        let line = lineBytes(span.line)
        let start = line.index(line.startIndex, offsetBy: span.column, limitedBy: line.endIndex) ?? line.endIndex
        let end = line.index(start, offsetBy: span.length, limitedBy: line.endIndex) ?? line.endIndex
        return DockerfileError(
            message,
            advice: advice,
            kind: kind,
            position: DockerfilePosition(
                file: name,
                line: span.line,
                column: String(decoding: line[..<start], as: UTF8.self).count + 1
            ),
            line: String(decoding: line, as: UTF8.self),
            length: String(decoding: line[start..<end], as: UTF8.self).count
        )
    }

    /// The place of a span, in characters.
    func position(_ span: Span) -> DockerfilePosition {
        let column = String(decoding: lineBytes(span.line).prefix(span.column), as: UTF8.self).count
        return DockerfilePosition(file: name, line: span.line, column: column + 1)
    }
}

/// A stretch of one line, in bytes.
struct Span: Hashable, Sendable {
    /// The line, from 1.
    var line: Int
    /// Bytes before it in its line.
    var column: Int
    /// How many bytes.
    var length: Int
}

/// A piece of text and where it stands.
struct Word: Hashable, Sendable {
    var text: String
    var span: Span
}
