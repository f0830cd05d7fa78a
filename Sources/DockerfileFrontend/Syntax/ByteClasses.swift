// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// The white space that separates words: tab, vertical tab, form feed, carriage return, space.
    ///
    /// Source: BuildKit, `frontend/dockerfile/parser/parser.go`, `reWhitespace`.
    var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0B || self == 0x0C || self == 0x0D }

    /// ASCII white space, a line feed included.
    var isSpace: Bool { isBlank || self == 0x0A }
}

extension RandomAccessCollection where Element == UInt8, SubSequence == Self {
    /// Without white space at its start.
    var trimmingStart: Self { drop { $0.isSpace } }

    /// Without white space at both ends.
    var trimmed: Self {
        var result = drop { $0.isSpace }
        while let last = result.last, last.isSpace { result = result.dropLast() }
        return result
    }
}

extension Collection<UInt8> {
    /// The text; the file was checked to be UTF-8.
    var text: String { String(decoding: self, as: UTF8.self) }
}
