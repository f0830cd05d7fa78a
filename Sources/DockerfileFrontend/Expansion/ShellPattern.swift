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
        // The states are places between tokens; `active[i]` says that the first i tokens match up to here.
        var active = [Bool](repeating: false, count: tokens.count + 1)
        active[0] = true
        skipStars(&active)
        var found: Int?
        var at = start
        while true {
            if active[tokens.count] {
                found = at
                if !longest { return found }
            }
            guard at < text.count, active.contains(true) else { return found }
            advance(&active, over: text[at])
            at += 1
        }
    }

    private func skipStars(_ active: inout [Bool]) {
        for (index, token) in tokens.enumerated() where active[index] && token == .star { active[index + 1] = true }
    }

    private func advance(_ active: inout [Bool], over scalar: UnicodeScalar) {
        var after = [Bool](repeating: false, count: active.count)
        for (index, token) in tokens.enumerated() where active[index] {
            switch token {
            case .star where scalar != "\n": after[index] = true
            case .one where scalar != "\n": after[index + 1] = true
            case .scalar(scalar): after[index + 1] = true
            default: break
            }
        }
        skipStars(&after)
        active = after
    }

    /// Puts `new` in place of the first longest match, or of all of them.
    func replacing(in text: String, with new: String, everywhere: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var at = 0
        var previousEnd = -1
        while at <= scalars.count {
            if let end = end(in: scalars, from: at, longest: true), !(end == at && at == previousEnd) {
                result.append(contentsOf: new.unicodeScalars)
                previousEnd = end
                if !everywhere {
                    result.append(contentsOf: scalars[end...])
                    return String(result)
                }
                if end > at {
                    at = end
                    continue
                }
            }
            if at < scalars.count { result.append(scalars[at]) }
            at += 1
        }
        return String(result)
    }
}
