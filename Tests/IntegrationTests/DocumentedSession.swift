// SPDX-License-Identifier: Apache-2.0

/// The commands that a page shows, with their output.
struct DocumentedSession {
    struct Shown {
        var command: String
        var code: Int32 = 0
        var output: [String] = []
    }

    private(set) var setup = ""
    private(set) var commands: [Shown] = []

    init(page: String) {
        enum Place { case text, console, setup }
        var place = Place.text
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            switch place {
            case .text where line == "```console": place = .console
            case .text where line == "<!-- setup": place = .setup
            case .text: continue
            case .console where line == "```": place = .text
            case .console: add(line)
            case .setup where line == "-->": place = .text
            case .setup: setup += line + "\n"
            }
        }
    }

    private mutating func add(_ line: Substring) {
        guard line.hasPrefix("$ ") else {
            guard !line.isEmpty, let last = commands.indices.last else { return }
            if commands[last].command.hasSuffix("\\") {
                commands[last].command = String(commands[last].command.dropLast() + line)
            } else {
                commands[last].output.append(String(line))
            }
            return
        }
        let parts = line.dropFirst(2).split(separator: " # exits with ", maxSplits: 1)
        guard let command = parts.first else { return }
        commands.append(Shown(command: String(command), code: parts.dropFirst().first.flatMap { Int32($0) } ?? 0))
    }

    /// What of the expected lines was not printed in their order, or was printed beyond them; `nil` when all is as shown.
    ///
    /// A command that is shown without output may print anything.
    static func mismatch(expected: [String], printed: [String]) -> String? {
        if expected.isEmpty { return nil }
        var rest = printed[...]
        var mayskip = false
        for line in expected {
            if line == "…" {
                mayskip = true
                continue
            }
            if mayskip {
                rest = rest.drop { !matches(line, $0) }
                mayskip = false
            }
            guard let next = rest.first, matches(line, next) else { return "not printed: \(line)" }
            rest = rest.dropFirst()
        }
        if let extra = rest.first, !mayskip { return "printed, not shown: \(extra)" }
        return nil
    }

    private static func matches(_ shown: String, _ printed: String) -> Bool {
        var pieces = normal(shown).split(separator: "…", omittingEmptySubsequences: false)[...]
        var rest = normal(printed)[...]
        guard let first = pieces.popFirst(), rest.hasPrefix(first) else { return false }
        rest = rest.dropFirst(first.count)
        guard let last = pieces.popLast() else { return rest.isEmpty }
        for piece in pieces {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }

    /// A line with what differs from run to run replaced by its kind.
    private static func normal(_ line: String) -> String {
        var line = line
        line.replace(#/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/#, with: "TIME")
        line.replace(#/(sha256:)?[0-9a-f]{64}|sha256:([0-9a-f]{12,}…?|…)/#, with: "DIGEST")
        line.replace(#/\b[0-9a-hjkmnp-tv-z]{26}\b/#, with: "ID")
        line.replace(#/[0-9.]+ ?(ns|µs|ms|s)\b/#, with: "LENGTH")
        line.replace(#/[0-9]+ (second|minute)s? ago/#, with: "AGO")
        line.replace(#/[0-9.]+ ?[kMG]?B\b/#, with: "SIZE")
        line.replace(#/  +/#, with: " ")
        return line
    }
}
