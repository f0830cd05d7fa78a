// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them, the same in every locale.
public enum Quantity {
    /// Seconds with so many decimals, rounded down; negative times are 0.
    public static func seconds(_ nanoseconds: Int64, decimals: Int = 1) -> String {
        var unit: Int64 = 1_000_000_000
        var scale: Int64 = 1
        for _ in 0..<decimals {
            unit /= 10
            scale *= 10
        }
        let ticks = max(0, nanoseconds) / unit
        guard decimals > 0 else { return String(ticks) }
        let fraction = String(ticks % scale)
        return "\(ticks / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// A length of time: `4.2s`, `3m 12s`, `2h 05m`, `6d 4h`.
    public static func duration(_ nanoseconds: Int64) -> String {
        let whole = max(0, nanoseconds) / 1_000_000_000
        switch whole {
        case ..<60: return seconds(nanoseconds) + "s"
        case ..<3600: return "\(whole / 60)m \(padded(whole % 60))s"
        case ..<86_400: return "\(whole / 3600)h \(padded(whole / 60 % 60))m"
        default: return "\(whole / 86_400)d \(whole / 3600 % 24)h"
        }
    }

    /// A number of bytes in decimal units with three digits or so: `512B`, `1.5kB`, `81.3MB`.
    public static func bytes(_ count: Int64) -> String {
        guard count >= 1000 else { return "\(max(0, count))B" }
        var unit: Int64 = 1
        for name in ["kB", "MB", "GB", "TB", "PB"] {
            unit *= 1000
            // Halves round up; doubled quotients, since the sum of large numbers could overflow.
            let tenths = (count / (unit / 20) + 1) / 2
            if tenths < 1000 { return "\(tenths / 10).\(tenths % 10)\(name)" }
            let whole = (count / (unit / 2) + 1) / 2
            if whole < 1000 || name == "PB" { return "\(whole)\(name)" }
        }
        return ""
    }

    /// A whole number with commas between thousands.
    public static func count(_ number: some BinaryInteger) -> String {
        var digits = String(number.magnitude)
        var groups: [Substring] = []
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (number < 0 ? "-" : "") + ([Substring(digits)] + groups).joined(separator: ",")
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
