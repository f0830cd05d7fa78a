// SPDX-License-Identifier: Apache-2.0

/// A pattern of `${name#pattern}` and the like: `*`, `?`, and characters; no brackets.
///
/// Source: POSIX, Shell Command Language, 2.13; BuildKit, `lex.go`, `convertShellPatternToRegex`. Matching takes time
/// proportional to the product of the lengths, whatever the pattern.
struct ShellPattern: Hashable, Sendable {
    private enum Token: Hashable {
        case star
        case one
        case scalar(UnicodeScalar)

        func matches(_ scalar: UnicodeScalar) -> Bool {
            switch self {
            case .star, .one: scalar != "\n"
            case .scalar(let own): own == scalar
            }
        }
    }

    private var tokens: [Token] = []

    /// Reads a pattern; `nil` where something else than `*`, `?`, `\`, `}` or `/` is escaped.
    init?(_ text: String) {
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case "*": if tokens.last != .star { tokens.append(.star) }
            case "?": tokens.append(.one)
            case "\\":
                guard let escaped = scalars.next(), "*?\\}/".unicodeScalars.contains(escaped) else { return nil }
                tokens.append(.scalar(escaped))
            default: tokens.append(.scalar(scalar))
            }
        }
    }

    /// The pattern that matches what this one matches, backwards.
    var reversed: ShellPattern {
        var result = self
        result.tokens.reverse()
        return result
    }

    /// Where a match that starts at `start` ends; the nearest end or the farthest.
    func end(in text: [UnicodeScalar], from start: Int, longest: Bool) -> Int? {
        var failures = 0..<0
        return end(in: text, from: start, longest: longest, failures: &failures)
    }

    /// - Parameter failures: Where the part from the first star on is known not to match, as a star that fails fails
    ///   from every later place of the line too. So replacing everywhere takes no more time than matching once.
    private func end(in text: [UnicodeScalar], from start: Int, longest: Bool, failures: inout Range<Int>) -> Int? {
        var at = start
        // Up to the first star there is one way to match.
        for (index, token) in tokens.enumerated() {
            if token == .star {
                if failures.contains(at) { return nil }
                if let end = end(of: tokens[index...], in: text, from: at, longest: longest) { return end }
                failures = at..<((text[at...].firstIndex(of: "\n") ?? text.count) + 1)
                return nil
            }
            guard at < text.count, token.matches(text[at]) else { return nil }
            at += 1
        }
        return at
    }

    private func end(of tokens: ArraySlice<Token>, in text: [UnicodeScalar], from start: Int, longest: Bool) -> Int? {
        // The states are places between tokens; `active[i]` says that the first i tokens match up to here.
        let tokens = Array(tokens)
        var active = [Bool](repeating: false, count: tokens.count + 1)
        var after = active
        active[0] = true
        var found: Int?
        var at = start
        while true {
            for index in tokens.indices where active[index] && tokens[index] == .star { active[index + 1] = true }
            if active[tokens.count] {
                found = at
                // A star at the end takes all there is, but for a line's end.
                if !longest || (tokens.count == 1 && !text[at...].contains("\n")) { return longest ? text.count : at }
            }
            guard at < text.count else { return found }
            var isAlive = false
            for index in after.indices { after[index] = false }
            for index in tokens.indices where active[index] && tokens[index].matches(text[at]) {
                after[tokens[index] == .star ? index : index + 1] = true
                isAlive = true
            }
            guard isAlive else { return found }
            swap(&active, &after)
            at += 1
        }
    }

    /// Puts `new` in place of the first longest match, or of all of them.
    func replacing(in text: String, with new: String, everywhere: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        let replacement = Array(new.unicodeScalars)
        var result: [UnicodeScalar] = []
        var at = 0
        var previousEnd = -1
        var failures = 0..<0
        while at <= scalars.count {
            if let end = end(in: scalars, from: at, longest: true, failures: &failures),
                !(end == at && at == previousEnd)
            {
                result.append(contentsOf: replacement)
                previousEnd = end
                if !everywhere {
                    result.append(contentsOf: scalars[end...])
                    return Self.text(result)
                }
                if end > at {
                    at = end
                    continue
                }
            }
            if at < scalars.count { result.append(scalars[at]) }
            at += 1
        }
        return Self.text(result)
    }

    /// The text of scalars, made at once.
    static func text(_ scalars: some Collection<UnicodeScalar>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.count)
        for scalar in scalars { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
        return bytes.text
    }
}
