// SPDX-License-Identifier: Apache-2.0

/// What stands after an instruction's word and flags, and the ways to cut it.
struct ArgumentText {
    let line: LogicalLine
    let range: Range<Int>
    let escape: UInt8

    init(line: LogicalLine, from start: Int, escape: UInt8) {
        self.line = line
        self.escape = escape
        let trimmed = line.bytes[min(start, line.bytes.count)...].trimmed
        range = trimmed.isEmpty ? start..<start : trimmed.startIndex..<trimmed.endIndex
    }

    var bytes: ArraySlice<UInt8> { line.bytes[range.clamped(to: 0..<line.bytes.count)] }
    var isEmpty: Bool { bytes.isEmpty }
    var text: String { bytes.text }
    /// Where the arguments stand; the end of the line where there are none.
    var span: Span { isEmpty ? end : line.span(range) }
    /// Right after the last character.
    var end: Span {
        let last = line.bytes[...].trimmed.endIndex
        var span = line.span(max(0, last - 1)..<max(1, last))
        if last > 0 { span.column += 1 }
        return span
    }

    /// All of it as one word.
    var word: Word { Word(text: text, span: span) }

    /// Words between white space; quotes mean nothing here.
    var blankWords: [Word] {
        bytes.split { $0.isBlank }.map { line.word($0.startIndex..<$0.endIndex) }
    }

    /// Words between white space that is neither quoted nor escaped; quotes and escapes stay in them.
    ///
    /// Source: BuildKit, `frontend/dockerfile/parser/line_parsers.go`, `parseWords`.
    var quotedWords: [Word] {
        var words: [Word] = []
        var start: Int?
        var text: [UInt8] = []
        var quote: UInt8?
        var at = range.lowerBound
        let end = bytes.endIndex
        func flush(_ start: Int, _ stop: Int) { words.append(Word(text: text.text, span: line.span(start..<stop))) }
        while at < end {
            let byte = line.bytes[at]
            if let from = start, quote == nil, byte.isSpace {
                flush(from, at)
                (start, text) = (nil, [])
            } else if start != nil || !byte.isSpace {
                start = start ?? at
                if byte == escape, quote != UInt8(ascii: "'") {
                    // An escape at the end is nothing; elsewhere it and what it escapes stay for the expansion.
                    if at + 1 < end {
                        text.append(byte)
                        at += 1
                        text.append(line.bytes[at])
                    }
                } else {
                    if byte == quote {
                        quote = nil
                    } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                        quote = byte
                    }
                    text.append(byte)
                }
            }
            at += 1
        }
        if let start, !text.isEmpty { flush(start, end) }
        return words
    }
}
