// SPDX-License-Identifier: Apache-2.0

/// Numbers in fields of tar headers: octal text, or base-256 where the first bit is set.
///
/// Source: POSIX.1-2017, `pax`, "ustar Interchange Format"; GNU tar manual, "Extensions".
enum TarNumber {
    /// The value of a field; `nil` when it is neither form, or does not fit 64 bits.
    static func parse(_ field: UnsafeRawBufferPointer) -> Int64? {
        guard let first = unsafe field.first else { return 0 }
        return first & 0x80 != 0 ? unsafe parseBinary(field) : unsafe parseOctal(field)
    }

    private static func parseOctal(_ field: UnsafeRawBufferPointer) -> Int64? {
        var value: Int64 = 0
        var state = 0  // 0 before the digits, 1 in them, 2 after them
        for index in field.indices {
            let byte = unsafe field[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7") where state < 2:
                state = 1
                guard value < 1 << 60 else { return nil }
                value = value << 3 | Int64(byte - UInt8(ascii: "0"))
            case 0, UInt8(ascii: " "):
                if state == 1 { state = 2 }
            default:
                return nil
            }
        }
        return value
    }

    private static func parseBinary(_ field: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = unsafe field[0] & 0x40 != 0
        let filler: UInt8 = isNegative ? 0xFF : 0
        var value: Int64 = isNegative ? -1 : 0
        for index in 0..<field.count {
            var byte = unsafe field[index]
            if index == 0 { byte = isNegative ? byte : byte & 0x7F }
            if index < field.count - 8, byte != filler { return nil }
            value = value << 8 | Int64(byte)
        }
        return (value < 0) == isNegative ? value : nil
    }

    /// Writes `value` as zero-padded octal digits with a NUL behind them; it must fit.
    static func format(_ value: UInt64, into field: UnsafeMutableRawBufferPointer) {
        var rest = value
        unsafe field[field.count - 1] = 0
        for index in stride(from: field.count - 2, through: 0, by: -1) {
            unsafe field[index] = UInt8(ascii: "0") + UInt8(rest & 7)
            rest >>= 3
        }
    }

    /// The decimal digits of `value`, with a sign if it is negative.
    static func decimal(_ value: Int64) -> [UInt8] { Array(String(value).utf8) }
}
