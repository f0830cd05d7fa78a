// SPDX-License-Identifier: Apache-2.0

/// Base 64 with padding.
///
/// Source: RFC 4648, section 4.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text of bytes.
    public static func string(_ bytes: some Collection<UInt8>) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes[...]
        while !rest.isEmpty {
            let group = rest.prefix(3)
            rest = rest.dropFirst(3)
            var word: UInt32 = 0
            for byte in group { word = word << 8 | UInt32(byte) }
            word <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let six = Int(word >> UInt32(18 - 6 * place) & 63)
                out.append(place <= group.count ? alphabet[six] : UInt8(ascii: "="))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The bytes of a text; `nil` unless it is exactly what `string` gives for them.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        var word: UInt32 = 0
        var held = 0
        var padding = 0
        for unit in text.utf8 {
            if unit == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: unit) else { return nil }
            word = word << 6 | value
            held += 1
            guard held == 4 else { continue }
            out.append(contentsOf: [UInt8(word >> 16 & 255), UInt8(word >> 8 & 255), UInt8(word & 255)])
            (word, held) = (0, 0)
        }
        switch (held, padding) {
        case (0, 0): break
        case (2, 2): out.append(UInt8(word >> 4 & 255))
        case (3, 1): out.append(contentsOf: [UInt8(word >> 10 & 255), UInt8(word >> 2 & 255)])
        default: return nil
        }
        return string(out) == text ? out : nil
    }

    private static func value(of unit: UInt8) -> UInt32? {
        switch unit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(unit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(unit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(unit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
