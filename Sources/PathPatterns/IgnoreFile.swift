// SPDX-License-Identifier: Apache-2.0

/// The rules of a .dockerignore file.
///
/// Source: Docker's "Build context" documentation, section ".dockerignore files"; moby/patternmatcher,
/// `ignorefile/ignorefile.go`.
public struct IgnoreFile: Sendable {
    /// The file's name, for messages.
    public let name: String
    /// The rules, each with its line.
    public let rules: PatternList
    /// The cleaned rules as an LLB definition's exclude patterns have them, `!` included.
    public var patterns: [[UInt8]] {
        rules.patterns.map { ($0.isException ? [UInt8(ascii: "!")] : []) + $0.text }
    }

    /// Parses a file.
    ///
    /// A byte order mark is dropped, lines that start with `#` are comments, white space around a rule, a leading
    /// and a trailing `/` don't count. Order matters: the last rule that matches decides.
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - name: What to call it in messages, such as `.dockerignore`.
    /// - Throws: `PatternError` with file and line of the first malformed rule.
    public init(parsing bytes: [UInt8], name: String) throws(PatternError) {
        self.name = name
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        var compiled: [PathPattern] = []
        for (index, line) in rest.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if let rule = try Self.rule(line, file: name, number: index + 1) { compiled.append(rule) }
        }
        rules = PatternList(compiled: compiled)
    }

    private static func rule(
        _ line: ArraySlice<UInt8>,
        file: String,
        number: Int
    ) throws(PatternError) -> PathPattern? {
        guard line.first != UInt8(ascii: "#") else { return nil }
        let trimmed = PathBytes.trimmed(line)
        guard !trimmed.isEmpty else { return nil }
        let isException = trimmed.first == UInt8(ascii: "!")
        var pattern = isException ? Array(PathBytes.trimmed(trimmed.dropFirst())) : Array(trimmed)
        if !pattern.isEmpty {
            pattern = PathBytes.clean(pattern)
            if pattern.count > 1, pattern.first == PathBytes.slash { pattern.removeFirst() }
        }
        if isException { pattern.insert(UInt8(ascii: "!"), at: 0) }
        let spelling = String(decoding: trimmed, as: UTF8.self)
        return try PatternList.compile(pattern[...], spelling: spelling, file: file, line: number)
    }

    /// What the file says of `path`: whether it stays out of the context, and the rule that decided, if one did.
    public func explain(_ path: [UInt8]) -> (isIgnored: Bool, rule: PathPattern?) {
        let decision = rules.decision(for: path)
        return (decision.isMatch, decision.rule.map { rules.patterns[$0] })
    }
}
