// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A file of a context that made a key another one.
public struct FileCause: Hashable, Sendable {
    /// What became of a file.
    public enum Change: String, Hashable, Sendable {
        /// It was not there.
        case added
        /// It is not there any more.
        case removed
        /// A rule of the ignore file leaves it out now.
        case ignored
        /// A rule of the ignore file left it out and does so no more.
        case unignored
        /// Its bytes are others.
        case content
        /// Permission bits that no umask touches are others too.
        case mode
        /// Only permission bits of the kind that a umask takes away are others.
        case modeOnly = "mode only, likely umask"
        /// It became a file, directory or link where it was another of these.
        case type
        /// A symbolic link leads elsewhere.
        case target = "link target"
        /// It is another name of a file, or no more, or of another one.
        case links = "hard links"
        /// Extended attributes are others.
        case xattrs = "extended attributes"
    }

    /// A rule of an ignore file.
    public struct Rule: Hashable, Sendable {
        /// The file.
        public var file: String
        /// The line, from 1; `nil` where the patterns came with a graph.
        public var line: Int?
        /// The rule as it is written.
        public var text: String
    }

    /// The context's name.
    public var context: String
    /// The path in it.
    public var path: String
    /// What became of it.
    public var change: Change
    /// The two modes, the two targets; `nil` where there is no more to say.
    public var before: String?
    /// The second of the two.
    public var after: String?
    /// The rule that decided; only for `ignored` and `unignored`.
    public var rule: Rule?

    init(
        _ context: String,
        _ path: String,
        _ change: Change,
        before: String? = nil,
        after: String? = nil,
        rule: Rule? = nil
    ) {
        self.context = context
        self.path = path
        self.change = change
        self.before = before
        self.after = after
        self.rule = rule
    }
}

extension FileCause: CustomStringConvertible {
    /// One clause.
    public var description: String {
        var text = "\(path) in the context '\(context)': \(change.rawValue)"
        if let before, let after { text += " (\(before) → \(after))" }
        if let rule {
            let place = rule.line.map { "\(rule.file):\($0)" } ?? rule.file
            text += change == .ignored ? " by \(place) '\(rule.text)'" : ", \(place) '\(rule.text)' decided"
        }
        return text
    }
}

extension FileCause {
    /// The object that `reel why --json` has for it.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "kind": "file", "context": .string(context), "path": .string(path), "change": .string(change.rawValue),
        ]
        if let before { members["before"] = .string(before) }
        if let after { members["after"] = .string(after) }
        if let rule {
            members["rule"] = [
                "file": .string(rule.file), "line": rule.line.map { .integer(Int64($0)) } ?? .null,
                "text": .string(rule.text),
            ]
        }
        return .object(members)
    }
}
