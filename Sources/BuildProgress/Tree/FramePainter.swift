// SPDX-License-Identifier: Apache-2.0

/// Keeps a block of lines up to date at the bottom of a terminal, sending only what changed.
///
/// The cursor always rests at the start of the line below the block, so that a killed program leaves a usable terminal.
///
/// Source: ECMA-48, section 8.3 (CUU, EL, ED).
public struct FramePainter: Sendable {
    private let inColour: Bool
    private var shown: [StyledLine] = []

    /// Makes a painter with nothing on the screen.
    public init(inColour: Bool) { self.inColour = inColour }

    /// What to send so that the screen shows `lines`, none wider than `columns`; empty when it does already.
    ///
    /// - Parameter columns: The terminal's width now; after it shrank, what was shown takes more rows than it has lines.
    public mutating func paint(_ lines: [StyledLine], columns: Int) -> String {
        let rows = shown.reduce(0) { $0 + max(1, ($1.width + columns - 1) / max(1, columns)) }
        let wrapped = rows != shown.count
        guard wrapped || lines != shown else { return "" }
        var text = rows > 0 ? "\u{1B}[\(rows)A" : ""
        if wrapped { text += "\r\u{1B}[J" }
        for (index, line) in lines.enumerated() {
            if !wrapped, index < shown.count, shown[index] == line {
                text += "\n"
            } else {
                text += "\r" + line.rendered(inColour: inColour) + "\u{1B}[K\n"
            }
        }
        let surplus = wrapped ? 0 : shown.count - lines.count
        if surplus > 0 {
            // Line by line: some terminals keep what a clearing of the whole screen takes away.
            text += String(repeating: "\u{1B}[K\n", count: surplus) + "\u{1B}[\(surplus)A"
        }
        shown = lines
        return text
    }

    /// What to send so that the block is gone, with the cursor where it began.
    ///
    /// The line below the block is emptied too: a terminal echoes `^C` there.
    public mutating func clear(columns: Int) -> String { "\r\u{1B}[K" + paint([], columns: columns) }

    /// Leaves what is shown as it is; the next block begins below it.
    public mutating func release() { shown = [] }
}
