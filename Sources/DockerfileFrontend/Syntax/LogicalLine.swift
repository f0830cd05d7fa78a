// SPDX-License-Identifier: Apache-2.0

/// The lines of one instruction, joined at their continuations.
struct LogicalLine: Sendable {
    /// The joined bytes, without the escapes that continued them.
    private(set) var bytes: [UInt8] = []
    /// The first physical line, from 1.
    let firstLine: Int
    /// The last one that belongs to the instruction itself, heredocs not counted.
    private(set) var lastLine: Int
    private var pieces: [Piece] = []

    private struct Piece: Sendable {
        var offset: Int
        var line: Int
        var column: Int
    }

    init(firstLine: Int) {
        self.firstLine = firstLine
        lastLine = firstLine
    }

    /// Adds what a physical line gives, which starts `column` bytes into it.
    mutating func append(_ part: some Collection<UInt8>, line: Int, column: Int) {
        pieces.append(Piece(offset: bytes.count, line: line, column: column))
        bytes.append(contentsOf: part)
        lastLine = line
    }

    /// Counts a physical line that gives nothing: a comment or an empty line within a continuation.
    mutating func cover(_ line: Int) { lastLine = line }

    /// Where a range of the joined bytes stands; one that goes on in the next line ends with its first.
    func span(_ range: Range<Int>) -> Span {
        var low = 0
        var high = pieces.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if pieces[middle].offset <= range.lowerBound { low = middle } else { high = middle }
        }
        // A piece may be empty, so that the next one starts at the same offset: the search takes the last such.
        guard low < pieces.count else { return Span(line: firstLine, column: 0, length: 1) }
        let piece = pieces[low]
        let end = low + 1 < pieces.count ? pieces[low + 1].offset : bytes.count
        return Span(
            line: piece.line,
            column: piece.column + range.lowerBound - piece.offset,
            length: max(1, min(range.upperBound, end) - range.lowerBound)
        )
    }

    /// A word of its text as it stands.
    func word(_ range: Range<Int>) -> Word { Word(text: bytes[range].text, span: span(range)) }
}
