// SPDX-License-Identifier: Apache-2.0

/// The spelling of paths, which are bytes, as text.
///
/// A backslash is written `\\`, and a byte that is no part of valid UTF-8 `\xHH`; everything else stands for itself.
/// So every path has one spelling, and ordinary ones look ordinary.
public enum ContextPath {
    /// The spelling of `path`.
    public static func text(_ path: some Collection<UInt8>) -> String {
        if let text = String(validating: path, as: UTF8.self), !path.contains(backslash) { return text }
        var out: [UInt8] = []
        var decoder = Array(path)[...]
        while let first = decoder.first {
            if first == backslash {
                out += [backslash, backslash]
                decoder.removeFirst()
                continue
            }
            let width = (1...4).first { width in
                width <= decoder.count && String(validating: decoder.prefix(width), as: UTF8.self) != nil
            }
            if let width {
                out += decoder.prefix(width)
            } else {
                out += [backslash, UInt8(ascii: "x"), hexDigit(first >> 4), hexDigit(first & 15)]
            }
            decoder.removeFirst(width ?? 1)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The path that `text` spells; `nil` when a backslash is followed by something else than `\` or `xHH`.
    public static func bytes(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        var rest = text.utf8[...]
        while let first = rest.popFirst() {
            guard first == backslash else {
                out.append(first)
                continue
            }
            switch rest.popFirst() {
            case backslash: out.append(backslash)
            case UInt8(ascii: "x"):
                guard let high = rest.popFirst().flatMap(nibble), let low = rest.popFirst().flatMap(nibble) else {
                    return nil
                }
                out.append(high << 4 | low)
            default: return nil
            }
        }
        return out
    }

    static let backslash = UInt8(ascii: "\\")

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
