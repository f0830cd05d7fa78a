// SPDX-License-Identifier: Apache-2.0

/// One pattern, compiled.
///
/// A pattern matches whole paths, written relative to the root of the tree without a leading `/`. `*` and `?` stay
/// within a name, `**` crosses directories, `[a-z]` and `[^a-z]` are classes, `\` takes the next character as it is.
/// Everything else stands for itself. That a match of a directory counts for what lies in it is the business of
/// `PatternList`.
///
/// Source: moby/patternmatcher, `patternmatcher.go`; Go's `path/filepath.Match`.
public struct PathPattern: Sendable {
    /// The cleaned pattern, without the `!` of an exception.
    public let text: [UInt8]
    /// Whether it began with `!`, and so takes back what earlier patterns matched.
    public let isException: Bool
    /// The pattern as it was written, for messages.
    public let spelling: String
    /// The line it stands on, from 1; `nil` when it is from no file.
    public let line: Int?

    private let form: Form

    private enum Form: Sendable {
        /// The path itself.
        case exact
        /// The literal before a final `**`.
        case prefix([UInt8])
        /// The literal after a leading `**`.
        case suffix([UInt8])
        /// Anything else, with a literal that every match starts with and one that it ends with.
        case program(GlobProgram, prefix: [UInt8], suffix: [UInt8])
    }

    /// Compiles `text`, which is cleaned already and not empty.
    init(cleaned text: [UInt8], isException: Bool, spelling: String, file: String?, line: Int?) throws(PatternError) {
        self.text = text
        self.isException = isException
        self.spelling = spelling
        self.line = line
        do throws(GlobSyntaxError) {
            var parser = GlobParser(text, crossing: true)
            form = Self.form(of: try parser.parse(), text: text)
        } catch {
            throw PatternError(pattern: spelling, file: file, line: line, reason: error.reason)
        }
    }

    /// Compiles a pattern of the kind that matches names, in which `**` is no more than `*`.
    ///
    /// Source: Go's `path/filepath.Match`.
    init(name text: [UInt8]) throws(GlobSyntaxError) {
        self.text = text
        isException = false
        spelling = String(decoding: text, as: UTF8.self)
        line = nil
        var parser = GlobParser(text, crossing: false)
        form = .program(GlobProgram(try parser.parse()), prefix: [], suffix: [])
    }

    private static func form(of tokens: [GlobToken], text: [UInt8]) -> Form {
        guard tokens.contains(where: \.isSpecial) || text.contains(UInt8(ascii: "\\")) else { return .exact }
        let inner = tokens.dropFirst().dropLast()
        if !inner.contains(where: \.isSpecial), !text.contains(UInt8(ascii: "\\")) {
            let rest = tokens.dropFirst()
            if tokens.first == .anything { return .suffix([]) }
            if tokens.first == .anyDirectories, rest.last?.isSpecial == false {
                return .suffix(Array(text.dropFirst(2)))
            }
            if tokens.last == .anything, tokens.first?.isSpecial == false { return .prefix(text.dropLast(2)) }
        }
        return .program(
            GlobProgram(tokens),
            prefix: literal(tokens.prefix { !$0.isSpecial }),
            suffix: literal(tokens.reversed().prefix { !$0.isSpecial }.reversed())
        )
    }

    /// The bytes of elements that are all single characters.
    private static func literal(_ tokens: some Sequence<GlobToken>) -> [UInt8] {
        var out: [UInt8] = []
        for case .scalar(let value) in tokens {
            if let scalar = Unicode.Scalar(value) {
                out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                out.append(UInt8(truncatingIfNeeded: value - Scalars.invalidBase))
            }
        }
        return out
    }

    /// Whether the pattern matches this very path, its parents not considered.
    public func matches(_ path: [UInt8]) -> Bool {
        switch form {
        case .exact: path == text
        case .prefix(let prefix): path.hasPrefix(prefix)
        case .suffix(let suffix):
            path.hasSuffix(suffix)
                || (suffix.first == PathBytes.slash && path.count + 1 == suffix.count
                    && path[...] == suffix.dropFirst())
        case .program(let program, let prefix, let suffix):
            path.hasPrefix(prefix) && path.hasSuffix(suffix) && program.matches(path.span)
        }
    }

    /// Whether the pattern can match something inside `directory`, which is not the root.
    public func canMatch(inside directory: [UInt8]) -> Bool {
        let prefix = directory + [PathBytes.slash]
        return switch form {
        case .exact: text.count > prefix.count && text.hasPrefix(prefix)
        case .prefix(let literal): literal.hasPrefix(prefix) || prefix.hasPrefix(literal)
        case .suffix: true
        case .program(let program, _, _): program.canMatch(beyond: prefix)
        }
    }
}

extension GlobToken {
    /// Whether it stands for more than one given character.
    var isSpecial: Bool { if case .scalar = self { false } else { true } }
}

extension [UInt8] {
    @inline(__always)
    func hasPrefix(_ other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        for index in other.indices where self[index] != other[index] { return false }
        return true
    }

    @inline(__always)
    func hasSuffix(_ other: [UInt8]) -> Bool {
        let offset = count - other.count
        guard offset >= 0 else { return false }
        for index in other.indices.reversed() where self[offset + index] != other[index] { return false }
        return true
    }
}
