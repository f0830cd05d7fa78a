// SPDX-License-Identifier: Apache-2.0

/// Patterns in order, of which the last one that matches decides.
///
/// A pattern that matches a directory counts for everything in it, until a later pattern says otherwise. This is
/// evaluated as BuildKit's walk does it, parents first: an exception is looked at only where something is matched
/// already, and what was not looked at for a directory is not inherited from it.
///
/// Source: moby/patternmatcher, `MatchesUsingParentResults`.
public struct PatternList: Sendable {
    /// The patterns, in order.
    public let patterns: [PathPattern]
    /// Whether any is an exception (`!`).
    public let hasExceptions: Bool

    /// No patterns, which match nothing.
    public static let empty = PatternList(compiled: [])

    init(compiled patterns: [PathPattern]) {
        self.patterns = patterns
        hasExceptions = patterns.contains(where: \.isException)
    }

    /// Compiles patterns as an LLB definition has them.
    ///
    /// White space around a pattern goes, empty ones are dropped, the rest is cleaned as a path.
    /// - Throws: `PatternError` at the first malformed pattern.
    public init(_ texts: [String]) throws(PatternError) {
        try self.init(bytes: texts.map { Array($0.utf8) })
    }

    /// Compiles patterns that are bytes.
    public init(bytes texts: [[UInt8]]) throws(PatternError) {
        var compiled: [PathPattern] = []
        for text in texts {
            let spelling = String(decoding: text, as: UTF8.self)
            if let pattern = try Self.compile(text[...], spelling: spelling, file: nil, line: nil) {
                compiled.append(pattern)
            }
        }
        self.init(compiled: compiled)
    }

    /// One pattern; `nil` when it is blank.
    static func compile(
        _ text: ArraySlice<UInt8>,
        spelling: String,
        file: String?,
        line: Int?
    ) throws(PatternError) -> PathPattern? {
        let trimmed = PathBytes.trimmed(text)
        guard !trimmed.isEmpty else { return nil }
        var cleaned = PathBytes.clean(trimmed)
        let isException = cleaned.first == UInt8(ascii: "!")
        if isException { cleaned.removeFirst() }
        guard !cleaned.isEmpty else {
            throw PatternError(pattern: spelling, file: file, line: line, reason: .emptyException)
        }
        return try PathPattern(cleaned: cleaned, isException: isException, spelling: spelling, file: file, line: line)
    }

    /// What the list says of `path`, all of its parents considered.
    ///
    /// Takes time in proportion to the number of parents; a walk uses `state(of:below:)` and `decision(for:below:)`.
    public func decision(for path: [UInt8]) -> PatternDecision {
        var state: PatternState?
        for index in path.indices where path[index] == PathBytes.slash {
            state = self.state(of: Array(path[..<index]), below: state)
        }
        return decision(for: path, below: state)
    }

    /// What the list says of `path`, whose parent directory's state is `parent` (`nil` directly below the root).
    public func decision(for path: [UInt8], below parent: PatternState?) -> PatternDecision {
        var decision = PatternDecision(isMatch: false, rule: nil)
        for (index, pattern) in patterns.enumerated()
        where parent?.matched[index] == true || (pattern.isException == decision.isMatch && pattern.matches(path)) {
            decision = PatternDecision(isMatch: !pattern.isException, rule: index)
        }
        return decision
    }

    /// What the list says of the directory `path`, in the form that its children's decisions need.
    public func state(of path: [UInt8], below parent: PatternState?) -> PatternState {
        var state = PatternState(
            decision: PatternDecision(isMatch: false, rule: nil),
            matched: Array(repeating: false, count: patterns.count)
        )
        for (index, pattern) in patterns.enumerated()
        where
            parent?.matched[index] == true
            || (pattern.isException == state.decision.isMatch && pattern.matches(path))
        {
            state.matched[index] = true
            state.decision = PatternDecision(isMatch: !pattern.isException, rule: index)
        }
        return state
    }

    /// Whether an exception can match something inside `directory`, so that a walk must enter it although it matched.
    public func exceptionCanMatch(inside directory: [UInt8]) -> Bool {
        hasExceptions && patterns.contains { $0.isException && $0.canMatch(inside: directory) }
    }

    /// Whether a pattern that is no exception can match something inside `directory`.
    public func canMatch(inside directory: [UInt8]) -> Bool {
        patterns.contains { !$0.isException && $0.canMatch(inside: directory) }
    }
}

/// What a `PatternList` says of one path.
public struct PatternDecision: Hashable, Sendable {
    /// Whether the path is matched.
    public let isMatch: Bool
    /// The index of the pattern that decided; `nil` when none had a say. Of two that agree the later is named.
    public let rule: Int?
}

/// What a `PatternList` found out about a directory, for its children.
public struct PatternState: Sendable {
    /// What holds for the directory itself.
    public internal(set) var decision: PatternDecision
    var matched: [Bool]
}
