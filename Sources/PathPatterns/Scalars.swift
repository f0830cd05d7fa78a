// SPDX-License-Identifier: Apache-2.0

/// Characters in bytes that are UTF-8 for the most part.
///
/// A byte that is no part of valid UTF-8 counts as one character of its own, numbered from `invalidBase`, so that
/// names in any encoding can be matched.
enum Scalars {
    /// What is added to a byte that is not UTF-8.
    static let invalidBase: UInt32 = 0x110000

    /// The character that starts at `at`, and its width in bytes; `at` must lie inside.
    @inline(__always)
    static func decode(_ bytes: Span<UInt8>, at: Int) -> (UInt32, Int) {
        let lead = bytes[at]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let invalid = (invalidBase + UInt32(lead), 1)
        let (width, least): (Int, UInt32)
        var value: UInt32
        switch lead {
        case 0xC2...0xDF: (width, least, value) = (2, 0x80, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (width, least, value) = (3, 0x800, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (width, least, value) = (4, 0x10000, UInt32(lead & 0x07))
        default: return invalid
        }
        guard at + width <= bytes.count else { return invalid }
        for offset in 1..<width {
            let next = bytes[at + offset]
            guard next & 0xC0 == 0x80 else { return invalid }
            value = value << 6 | UInt32(next & 0x3F)
        }
        guard value >= least, value < invalidBase, !(0xD800...0xDFFF).contains(value) else { return invalid }
        return (value, width)
    }

    /// The first character and its width; `nil` when there is none.
    static func first(in bytes: ArraySlice<UInt8>) -> (UInt32, Int)? {
        bytes.isEmpty ? nil : decode(bytes.span, at: 0)
    }

    /// The last character and its width; `nil` when there is none.
    static func last(in bytes: ArraySlice<UInt8>) -> (UInt32, Int)? {
        for width in 1...4 where width <= bytes.count {
            let tail = bytes.suffix(width)
            let (scalar, decoded) = decode(tail.span, at: 0)
            if decoded == width, scalar < invalidBase { return (scalar, width) }
        }
        return bytes.last.map { (invalidBase + UInt32($0), 1) }
    }

    /// Whether it has Unicode's White_Space property.
    static func isWhiteSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
