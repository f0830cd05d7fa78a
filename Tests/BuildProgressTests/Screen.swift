// SPDX-License-Identifier: Apache-2.0

/// A terminal of a given size that understands what `FramePainter` sends, and refuses everything else.
struct Screen {
    let columns: Int
    let rows: Int
    private(set) var cells: [[Character]]
    private(set) var row = 0
    private(set) var column = 0
    /// Rows that went off the top.
    private(set) var history: [String] = []
    /// What was sent and not understood.
    private(set) var misunderstood: [String] = []

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    }

    /// The rows, without spaces at their ends and without empty rows at the end.
    var text: [String] {
        var lines = cells.map(Self.trimmed)
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    mutating func receive(_ text: String) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n":
                column = 0
                feed()
            case "\u{1B}": sequence(&rest)
            default: put(Character(scalar))
            }
        }
    }

    private mutating func put(_ character: Character) {
        if column == columns {
            column = 0
            feed()
        }
        cells[row][column] = character
        column += 1
    }

    private mutating func feed() {
        guard row == rows - 1 else {
            row += 1
            return
        }
        history.append(Self.trimmed(cells.removeFirst()))
        cells.append(Array(repeating: " ", count: columns))
    }

    private mutating func sequence(_ rest: inout Substring.UnicodeScalarView) {
        var parameters = ""
        guard rest.popFirst() == "[" else { return misunderstood.append("ESC") }
        while let scalar = rest.popFirst() {
            if scalar.properties.isAlphabetic {
                perform(scalar, parameters)
                return
            }
            parameters.unicodeScalars.append(scalar)
        }
    }

    private mutating func perform(_ final: Unicode.Scalar, _ parameters: String) {
        switch (final, parameters) {
        case ("m", _): break
        case ("A", _): row = max(0, row - (Int(parameters) ?? 1))
        case ("K", ""): for at in column..<columns { cells[row][at] = " " }
        case ("J", ""):
            for at in column..<columns { cells[row][at] = " " }
            for at in (row + 1)..<max(row + 1, rows) { cells[at] = Array(repeating: " ", count: columns) }
        default: misunderstood.append("\(parameters)\(final)")
        }
    }

    private static func trimmed(_ row: [Character]) -> String {
        var row = row
        while row.last == " " { row.removeLast() }
        return String(row)
    }
}
