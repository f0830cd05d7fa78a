// SPDX-License-Identifier: Apache-2.0

/// Some lines of a file, those that are meant marked, as BuildKit shows the source of a failed step.
public struct SourceExcerpt: Equatable, Sendable {
    /// The file's name.
    public var file: String
    /// The lines, with their numbers from 1.
    public var lines: [(number: Int, text: String, isMarked: Bool)]

    /// Whether both show the same.
    public static func == (left: SourceExcerpt, right: SourceExcerpt) -> Bool {
        left.file == right.file && left.lines.elementsEqual(right.lines, by: ==)
    }

    /// Takes the lines `marked`, and `around` more before and after them, out of a file.
    ///
    /// - Returns: `nil` when the file has none of the lines.
    public init?(file: String, text: [UInt8], marked: [ClosedRange<Int>], around: Int = 3) {
        let all = text.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = marked.map(\.lowerBound).min(), let last = marked.map(\.upperBound).max(),
            first >= 1, first <= all.count
        else { return nil }
        self.file = file
        var lines: [(number: Int, text: String, isMarked: Bool)] = []
        let end = min(all.count, last + around)
        for number in max(1, first - around)...max(first, end) where number <= all.count {
            let text = OutputText.clean(all[number - 1])
            if number == all.count, text.isEmpty { break }
            lines.append((number, text, marked.contains { $0.contains(number) }))
        }
        self.lines = lines
    }

    /// The lines for a terminal: the name, a rule, the numbered lines with `>>>` at those meant, a rule.
    public var styled: [StyledLine] {
        let rule = StyledLine(String(repeating: "-", count: 20), .quiet)
        let from = lines.first { $0.isMarked }?.number ?? 1
        var styled = [StyledLine("\(file):\(from)", .strong), rule]
        for line in lines {
            let number = String(line.number)
            var row = StyledLine(String(repeating: " ", count: max(0, 4 - number.count)) + number + " | ", .quiet)
            row.add(line.isMarked ? ">>> " : "    ", .bad)
            row.add(line.text, line.isMarked ? .strong : .plain)
            styled.append(row)
        }
        return styled + [rule]
    }
}
