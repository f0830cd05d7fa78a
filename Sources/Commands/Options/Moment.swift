// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A moment as a person names it: a time, a date, or how long ago.
enum Moment {
    /// Reads `2026-08-01`, `2026-08-01T12:30:00Z`, `90m`, `2h30m`, `7d`, or seconds since 1970.
    ///
    /// - Parameter now: What a length of time is counted back from.
    /// - Throws: `UsageError` for anything else.
    static func parse(_ text: String, now: Timestamp, option: String) throws -> Timestamp {
        if let seconds = Int64(text), seconds >= 0, seconds < 9_000_000_000 { return Timestamp(seconds: seconds) }
        if let length = length(text) { return Timestamp(nanoseconds: now.nanoseconds - length) }
        if let date = date(text) { return date }
        throw UsageError("\(option) \(text): write a time such as 2026-08-01T12:30:00Z, a date, or a length such as 2h")
    }

    /// A length of time in nanoseconds: numbers with the units `s`, `m`, `h`, `d`, `w`.
    private static func length(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        var seconds: Int64 = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = units[character], let number = Int64(digits), number < 1_000_000 else { return nil }
            seconds += number * unit
            digits = ""
        }
        return digits.isEmpty && !text.isEmpty && seconds < 9_000_000_000 ? seconds * 1_000_000_000 : nil
    }

    /// RFC 3339 in UTC (`Z`), with or without the time of day.
    private static func date(_ text: String) -> Timestamp? {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        let day = parts[0].split(separator: "-").compactMap { Int64($0) }
        guard parts.count <= 2, day.count == 3, (1970...2200).contains(day[0]), (1...12).contains(day[1]),
            (1...31).contains(day[2])
        else { return nil }
        var seconds = days(day[0], day[1], day[2]) * 86_400
        if parts.count == 2 {
            var rest = parts[1]
            if rest.hasSuffix("Z") { rest.removeLast() }
            let time = rest.split(separator: ":").map { Int64($0.prefix { $0 != "." }) }
            guard (2...3).contains(time.count), let hour = time[0], let minute = time[1],
                let second = time.count == 3 ? time[2] : 0, (0...23).contains(hour), (0...59).contains(minute),
                (0...60).contains(second)
            else { return nil }
            seconds += hour * 3600 + minute * 60 + second
        }
        return Timestamp(seconds: seconds)
    }

    /// The number of a day since 1970-01-01 (proleptic Gregorian).
    ///
    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
