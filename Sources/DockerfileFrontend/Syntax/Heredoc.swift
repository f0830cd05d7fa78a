// SPDX-License-Identifier: Apache-2.0

/// A document within the file, `<<NAME`.
///
/// Source: Dockerfile reference, "Here-Documents"; BuildKit, `parser.go`, `heredocFromMatch`.
struct Heredoc: Hashable, Sendable {
    /// The terminator, without quotes.
    var name: String
    /// The number before `<<`; 0 where there is none.
    var descriptor: UInt
    /// Whether variables in it are expanded: its name has no quotes.
    var expands: Bool
    /// Whether tabs at the starts of lines go: `<<-`.
    var chomps: Bool
    /// The lines up to the terminator, with their ends.
    var content = ""
    /// Where the word stands.
    var span: Span
    /// The first line of the content.
    var firstLine = 0

    /// The content as the instruction uses it.
    var text: String { chomps ? Self.chomped(content) : content }

    /// Without tabs at the starts of lines.
    static func chomped(_ content: String) -> String {
        var result: [UInt8] = []
        var atStart = true
        for byte in content.utf8 {
            if atStart, byte == 0x09 { continue }
            atStart = byte == 0x0A
            result.append(byte)
        }
        return result.text
    }

    /// Reads a word such as `<<EOF`, `3<<-"END"`; `nil` where it is none.
    init?(word: String, span: Span) {
        var rest = word.utf8[...]
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest[digits.endIndex...]
        guard rest.starts(with: "<<".utf8) else { return nil }
        rest = rest.dropFirst(2)
        chomps = rest.first == UInt8(ascii: "-")
        if chomps { rest = rest.dropFirst() }
        rest = rest.drop { $0.isSpace }
        guard !rest.isEmpty, !rest.contains(UInt8(ascii: "<")) else { return nil }
        let text = String(decoding: rest, as: UTF8.self)
        var lexer = ShellLexer(escape: "\\")
        lexer.keepsUnset = true
        guard let plain = try? lexer.words(text, lookup: { _ in nil }), plain.count == 1 else { return nil }
        lexer.keepsQuotes = true
        guard let quoted = try? lexer.words(text, lookup: { _ in nil }), quoted.count == 1 else { return nil }
        let quotes = { (text: String) in text.utf8.count { $0 == UInt8(ascii: "'") || $0 == UInt8(ascii: "\"") } }
        name = plain[0]
        expands = quotes(plain[0]) == quotes(quoted[0])
        descriptor = UInt(String(decoding: digits, as: UTF8.self)) ?? 0
        self.span = span
    }

    /// The heredocs that a line names, in order.
    static func all(in line: LogicalLine) -> [Heredoc] {
        guard line.bytes.contains(UInt8(ascii: "<")) else { return [] }
        var lexer = ShellLexer(escape: "\\")
        lexer.keepsQuotes = true
        lexer.keepsEscapes = true
        lexer.keepsUnset = true
        let text = line.bytes.text
        // A line with an open quote has no heredoc; whether that is a mistake is for the shell to say.
        guard let words = try? lexer.words(text, lookup: { _ in nil }) else { return [] }
        var from = 0
        return words.compactMap { word in
            let range = find(word, in: line.bytes, from: from)
            if let range { from = range.upperBound }
            return Heredoc(word: word, span: line.span(range ?? 0..<1))
        }
    }

    private static func find(_ word: String, in bytes: [UInt8], from: Int) -> Range<Int>? {
        let needle = Array(word.utf8)
        guard let first = needle.first, word.contains("<<") else { return nil }
        var at = from
        while at + needle.count <= bytes.count {
            if bytes[at] == first, bytes[at..<at + needle.count].elementsEqual(needle) {
                return at..<at + needle.count
            }
            at += 1
        }
        return nil
    }
}
