// SPDX-License-Identifier: Apache-2.0

import BuildProgress

/// Rows of text in columns, two spaces apart.
struct TextTable {
    private var rows: [[String]]
    private let rightAligned: Set<Int>

    /// Makes a table with a line of titles.
    ///
    /// - Parameter rightAligned: Columns of numbers, from 0.
    init(_ titles: [String], rightAligned: Set<Int> = []) {
        rows = [titles]
        self.rightAligned = rightAligned
    }

    /// Adds a row; it has as many cells as there are titles.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// The lines, without spaces at their ends.
    ///
    /// - Parameter columns: Where lines are cut; `nil` for nowhere.
    func lines(columns: Int? = nil) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - DisplayWidth.of(cell))
                line += (column > 0 ? "  " : "") + (rightAligned.contains(column) ? space + cell : cell + space)
            }
            while line.last == " " { line.removeLast() }
            return columns.map { DisplayWidth.truncated(line, to: $0) } ?? line
        }
    }
}

extension Console {
    /// Prints a table; on a terminal its lines are cut at the edge.
    func print(_ table: TextTable) {
        for line in table.lines(columns: writesTerminal ? size().columns : nil) { print(line) }
    }
}
