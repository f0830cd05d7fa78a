// SPDX-License-Identifier: Apache-2.0

/// Texts of values as Go's standard library reads and writes them, for BuildKit's spellings come from there.
enum GoText {
    /// Source: Go, `strconv.ParseBool`.
    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    /// Source: Go, `time.ParseDuration`: numbers with a fraction and a unit, e.g. `1m30.5s`.
    ///
    /// - Returns: Nanoseconds; `nil` for anything else, and beyond 292 years.
    static func duration(_ text: String) -> Int64? {
        var rest = text.utf8[...]
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        if rest.elementsEqual("0".utf8) { return 0 }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            guard let value = Double(String(decoding: number, as: UTF8.self)) else { return nil }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { !((0x30...0x39).contains($0) || $0 == UInt8(ascii: ".")) }
            rest = rest[unit.endIndex...]
            guard let factor = units[String(decoding: unit, as: UTF8.self)] else { return nil }
            total += value * factor
        }
        guard total < 9.2e18 else { return nil }
        return Int64(isNegative ? -total : total)
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]

    /// Source: Go, `time.Duration.String`, e.g. `1m30s`.
    static func duration(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        if nanoseconds < 0 { return "-" + duration(-nanoseconds) }
        if nanoseconds < 1000 { return "\(nanoseconds)ns" }
        if nanoseconds < 1_000_000 { return decimal(nanoseconds, 1000) + "µs" }
        if nanoseconds < 1_000_000_000 { return decimal(nanoseconds, 1_000_000) + "ms" }
        let seconds = nanoseconds / 1_000_000_000
        var text = decimal(nanoseconds - seconds / 60 * 60_000_000_000, 1_000_000_000) + "s"
        if seconds >= 60 { text = "\(seconds / 60 % 60)m" + text }
        if seconds >= 3600 { text = "\(seconds / 3600)h" + text }
        return text
    }

    private static func decimal(_ value: Int64, _ unit: Int64) -> String {
        let fraction = value % unit
        if fraction == 0 { return "\(value / unit)" }
        var digits = "\(unit + fraction)".dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(value / unit).\(digits)"
    }

    /// Source: Go, `strconv.Quote`.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{07}": result += "\\a"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0B}": result += "\\v"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\x" + (hex.count < 2 ? "0" : "") + hex
                } else if scalar.isPrintable {
                    result.unicodeScalars.append(scalar)
                } else {
                    let hex = String(scalar.value, radix: 16)
                    let width = scalar.value > 0xFFFF ? 8 : 4
                    result += (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - hex.count) + hex
                }
            }
        }
        return result + "\""
    }

    /// `["a" "b"]`, as `%q` writes a list.
    static func quoted(_ list: [String]) -> String { "[" + list.map(quoted).joined(separator: " ") + "]" }

    /// `[a b]`, as `%v` writes a list.
    static func plain(_ list: [String]) -> String { "[" + list.joined(separator: " ") + "]" }
}

extension UnicodeScalar {
    /// Source: Go, `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
    fileprivate var isPrintable: Bool {
        if self == " " { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default: return true
        }
    }
}

/// A number of bytes with a unit.
///
/// Source: github.com/docker/go-units, `RAMInBytes`: units are powers of 1024.
enum ByteSize {
    static func parse(_ text: String) -> Int64? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let value = Double(number) else { return nil }
        var unit = text[number.endIndex...].lowercased()
        if unit.hasPrefix(" ") { unit.removeFirst() }
        let factors = ["": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5]
        let short =
            unit.hasSuffix("ib")
            ? String(unit.dropLast(2)) : unit.count > 1 && unit.hasSuffix("b") ? String(unit.dropLast()) : unit
        guard let power = factors[short], !(unit == "ib") else { return nil }
        let bytes = (0..<power).reduce(value) { total, _ in total * 1024 }
        return bytes < 9.2e18 ? Int64(bytes) : nil
    }
}
