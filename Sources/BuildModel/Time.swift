// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A moment, in whole nanoseconds since 1970-01-01 UTC.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01 UTC; good until the year 2262.
    public var nanoseconds: Int64

    /// Makes a moment of its nanoseconds since 1970-01-01 UTC.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Makes a moment of whole seconds since 1970-01-01 UTC.
    public init(seconds: Int64) { self.nanoseconds = seconds &* 1_000_000_000 }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    public var seconds: Int64 { nanoseconds.euclideanDivided(by: 1_000_000_000).0 }

    /// The earlier one is the lesser.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

    /// RFC 3339 in UTC, such as `1980-01-01T00:00:00Z`; nanoseconds only where they are not 0.
    public var rfc3339: String {
        let (second, fraction) = nanoseconds.euclideanDivided(by: 1_000_000_000)
        let (day, inDay) = second.euclideanDivided(by: 86_400)
        let (year, month, dayOfMonth) = Self.civil(fromDays: day)
        func pad(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let tail = fraction == 0 ? "" : "." + pad(fraction, 9)
        return "\(pad(year, 4))-\(pad(month, 2))-\(pad(dayOfMonth, 2))T"
            + "\(pad(inDay / 3600, 2)):\(pad(inDay / 60 % 60, 2)):\(pad(inDay % 60, 2))\(tail)Z"
    }

    /// Year, month and day of a day number since 1970-01-01 (proleptic Gregorian).
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.euclideanDivided(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    /// Quotient rounded down and a remainder that is never negative.
    fileprivate func euclideanDivided(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Tells the time; the composition root's is the system's, a test's stands still.
public protocol WallClock: Sendable {
    /// The time now.
    func now() -> Timestamp
}

/// The system's clock.
public struct SystemWallClock: WallClock {
    /// Makes one.
    public init() {}

    /// `CLOCK_REALTIME`, now.
    public func now() -> Timestamp {
        var spec = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &spec)
        return Timestamp(nanoseconds: Int64(spec.tv_sec) * 1_000_000_000 + Int64(spec.tv_nsec))
    }
}
