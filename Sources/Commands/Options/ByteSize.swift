// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as docker's options spell it.
enum ByteSize {
    /// Reads `64m`, `1g`, `512`, `1.5GiB`; units are powers of 1024.
    ///
    /// Source: docker/go-units, `RAMInBytes`.
    ///
    /// - Throws: `UsageError` for anything else.
    static func parse(_ text: String, option: String) throws -> Int64 {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        var unit = text[number.endIndex...].lowercased().drop { $0 == " " }
        if unit.hasSuffix("b") { unit.removeLast() }
        if unit.hasSuffix("i") { unit.removeLast() }
        let shifts: [Substring: Int] = ["": 0, "k": 10, "m": 20, "g": 30, "t": 40, "p": 50]
        guard let shift = shifts[unit], let value = Double(number), value >= 0, value.isFinite,
            value * Double(Int64(1) << shift) < 9e18
        else { throw UsageError("\(option) \(text): write it as a number of bytes, such as 64m or 1g") }
        return Int64(value * Double(Int64(1) << shift))
    }
}
