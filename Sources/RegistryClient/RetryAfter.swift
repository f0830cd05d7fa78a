// SPDX-License-Identifier: Apache-2.0

public import NIOHTTP1

/// How long a server asks its clients to wait.
///
/// Source: RFC 9110, section 10.2.3: seconds, or a date, which is compared with the server's own `Date`.
public enum RetryAfter {
    /// The wait; `nil` where none is asked for or it can't be read.
    public static func read(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "Retry-After") else { return nil }
        return read(text, now: headers.first(name: "Date"))
    }

    /// The wait that `text` asks for at the time `now`.
    static func read(_ text: String, now: String?) -> Duration? {
        if let seconds = Int64(text), seconds >= 0 { return .seconds(seconds) }
        guard let then = HTTPDate.seconds(text), let now = now.flatMap(HTTPDate.seconds) else { return nil }
        return .seconds(max(0, then - now))
    }
}

/// Times as HTTP writes them.
///
/// Source: RFC 9110, section 5.6.7, the form that servers send.
public enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    public static func seconds(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == "," || $0 == ":" }.map(String.init)
        guard words.count == 8, words[7] == "GMT", let day = Int64(words[1]), let year = Int64(words[3]),
            let month = months.firstIndex(of: words[2]), let hour = Int64(words[4]), let minute = Int64(words[5]),
            let second = Int64(words[6]), (1...31).contains(day), (1970...9999).contains(year)
        else { return nil }
        // Days since 1970 by the Julian day number of the proleptic Gregorian calendar.
        let shift = (14 - Int64(month + 1)) / 12
        let (y, m) = (year + 4800 - shift, Int64(month + 1) + 12 * shift - 3)
        let days = day + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32_045 - 2_440_588
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }
}
