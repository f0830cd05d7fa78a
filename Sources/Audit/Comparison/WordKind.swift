// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// What words in the outputs of builds look like.
enum WordKind {
    /// How far a time may be from its build: steps print times of files, certificates and other zones too.
    private static let nearness: Int64 = 3 * 86_400

    /// The words of a line, parted at white space, quotes and brackets.
    static func words(of line: String) -> [Substring] {
        line.split { $0.isWhitespace || "\"'`()[]{}<>,;=|".contains($0) }
    }

    /// Whether a byte belongs to a word.
    static func isInWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "+"): true
        default: false
        }
    }

    /// Whether so many seconds since 1970 are within three days of `time`.
    static func isNear(_ seconds: Int64, _ time: Timestamp) -> Bool {
        abs(seconds - time.nanoseconds / 1_000_000_000) < nearness
    }

    /// Whether a word is a moment: seconds, milli-, micro- or nanoseconds near `time`, a date, a time of day, a name of a
    /// day or month.
    static func isTime(_ word: String, near time: Timestamp) -> Bool {
        if let number = Int64(word.prefix { $0 != "." }), number > 0 {
            let scales: [Int64] = [1, 1000, 1_000_000, 1_000_000_000]
            return scales.contains { isNear(number / $0, time) } || isCompactDate(word)
        }
        if word.contains(/^\d{4}-\d\d-\d\d|^\d\d?\/\d\d?\/\d{2,4}$|^\d\d?:\d\d(:\d\d)?/) { return true }
        return names.contains(String(word.prefix(3)).lowercased()) && word.allSatisfy(\.isLetter)
    }

    private static func isCompactDate(_ word: String) -> Bool {
        word.wholeMatch(of: /(19|20)\d\d[01]\d[0-3]\d(\d{4}|\d{6})?/) != nil
    }

    private static let names: Set<String> = [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
        "oct", "nov", "dec",
    ]

    /// Whether two words are numbers with a unit of time, or numbers in a line that speaks of it.
    static func isDuration(_ old: String, _ new: String, in line: String) -> Bool {
        func isLength(_ word: String) -> Bool {
            word.wholeMatch(of: /\d+([.,]\d+)?(ns|us|µs|ms|s|sec|secs|seconds|m|min)/) != nil
                || word.wholeMatch(of: /\d+m\d+([.,]\d+)?s/) != nil
        }
        if isLength(old), isLength(new) { return true }
        let speaks = line.lowercased().contains(/\b(elapsed|took|seconds|duration|uptime|time:)\b/)
        return speaks && Double(old) != nil && Double(new) != nil
    }

    /// Whether two words are random: UUIDs, long hexadecimal or base64, names that mktemp makes.
    static func isRandom(_ old: String, _ new: String) -> Bool {
        if isRandomName(old), isRandomName(new) { return true }
        guard old.count == new.count, old.count >= 8 else { return false }
        let uuid = /[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/
        if old.wholeMatch(of: uuid) != nil, new.wholeMatch(of: uuid) != nil { return true }
        let hexadecimal = /(0x)?[0-9A-Fa-f]{8,}/
        if old.wholeMatch(of: hexadecimal) != nil, new.wholeMatch(of: hexadecimal) != nil { return !areClose(old, new) }
        let base64 = /[A-Za-z0-9+\/_-]{16,}={0,2}/
        return old.wholeMatch(of: base64) != nil && new.wholeMatch(of: base64) != nil && isMixed(old) && isMixed(new)
    }

    /// Names such as `tmp.aB3xYz12` or `/tmp/ccQ8dLk2.o`.
    private static func isRandomName(_ word: String) -> Bool {
        word.split(separator: "/").contains { part in
            part.wholeMatch(of: /(tmp|temp|cc)[._-]?([A-Za-z0-9_]{6,})(\.[a-z]+)?/).map { isMixed(String($0.2)) }
                ?? false
        }
    }

    /// Whether letters of both cases, or letters and digits, come mixed, as they do in random names.
    private static func isMixed(_ word: String) -> Bool {
        let kinds = [
            word.contains(where: \.isLowercase), word.contains(where: \.isUppercase), word.contains(where: \.isNumber),
        ]
        return kinds.count { $0 } >= 2
    }

    /// Whether two numbers differ in their last digits alone, as counters do and random numbers don't.
    private static func areClose(_ old: String, _ new: String) -> Bool {
        guard old.allSatisfy(\.isNumber), new.allSatisfy(\.isNumber) else { return false }
        return zip(old, new).prefix { $0 == $1 }.count * 2 >= old.count
    }

    /// Whether two numbers can be those of processes, in a place that speaks of processes or where nothing else fits.
    static func isProcessNumber(_ old: String, _ new: String, in line: String, path: String) -> Bool {
        guard let left = Int64(old), let right = Int64(new), left > 0, right > 0 else { return false }
        guard left < 4_194_304, right < 4_194_304 else { return false }
        let speaks = line.lowercased().contains(/pid|process|\bproc\b/) || path.lowercased().hasSuffix("pid")
        return speaks || words(of: line).count == 1
    }

    /// Whether a word is a path or the name of a file.
    static func isPath(_ word: Substring) -> Bool {
        word.contains("/") && word.count > 1 || word.wholeMatch(of: /[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)+/) != nil
    }

    /// Why two texts look like the same in two languages; `nil` when they don't.
    static func languages(_ old: String, _ new: String) -> String? {
        if old != new, old.replacing(",", with: ".") == new.replacing(",", with: ".") {
            return "a comma stands for a point: '\(old.prefix(40))' became '\(new.prefix(40))'"
        }
        let names = /\b(C|POSIX|[a-z]{2}_[A-Z]{2})(\.(UTF-8|utf8))?\b/
        if let left = old.firstMatch(of: names), let right = new.firstMatch(of: names), left.0 != right.0 {
            return "'\(left.0)' became '\(right.0)'"
        }
        return nil
    }

    /// Whether a command does things at once.
    static func runsInParallel(_ command: String) -> Bool {
        command.contains(/(^|\s)(-j\s*\d*|--jobs\b|-P\s*\d+|parallel\b)|[^&]&(\s|$)/)
    }
}
