// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PathPatterns

/// What a list of patterns says of a path, as bytes or text.
func isMatched(_ patterns: [String], _ path: String) throws -> Bool {
    try PatternList(patterns).decision(for: Array(path.utf8)).isMatch
}

@Suite("Patterns")
struct PatternTests {
    @Test(
        "One pattern and one path",
        arguments: [
            ("*", "a", true), ("*", "a/b", true), ("**", "a/b/c", true), ("**/", "a", true), ("a", "ab", false),
            ("a", "a/b/c", true), ("dir/**", "dir", false), ("dir/**", "dir/x/y", true), ("dir**", "directory/x", true),
            ("**/file", "file", true), ("**/file", "x/y/file", true), ("**/file", "x/afile", false),
            ("**file", "x/afile", true), ("**/*.go", "main.go", true), ("**/*.go", "x/y/main.go", true),
            ("**/*.go", "main.gox", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/x/cb", false), ("a/**b", "a/cb", false), ("a**b", "ab", true), ("a**b", "ax/b", true),
            ("a**b", "axb", false), ("*.txt", "d/x.txt", false), ("*.txt", "x.txt/y", true), ("?", "é", true),
            ("?", "ab", false), ("a?c", "a/c", false), ("[a-c]x", "bx", true), ("[^a-c]x", "bx", false),
            ("[^a-c]x", "éx", true), ("\\*", "*", true), ("\\*", "a", false), ("a\\b", "ab", true),
            ("[*]", "*", true), ("[*]", "a", false), ("a.b", "axb", false), ("a+b", "aab", false),
            ("$x", "$x", true), ("(a)", "(a)", true), ("{a,b}*", "{a,b}c", true), ("a|b*", "a|bc", true),
            ("a|b*", "a", false), ("./a//b/", "a/b", true), ("a/../b", "b", true), ("../a", "a", false),
            ("  a  ", "a", true), (".", "a", false), ("**/.git", ".git/config", true), ("*/*/x", "a/b/x", true),
            ("*/*/x", "a/x", false), ("a*/b*/**/c", "ab/bc/c", true), ("**/a/**/b", "x/a/y/z/b/c", true),
        ]
    )
    func single(pattern: String, path: String, expected: Bool) throws {
        #expect(try isMatched([pattern], path) == expected)
    }

    @Test(
        "The last pattern that matches decides",
        arguments: [
            (["*", "!a"], "a", false), (["*", "!a"], "b", true), (["!a", "*"], "a", true),
            (["a", "!a/b"], "a/b", false), (["a", "!a/b"], "a/c", true), (["a/b", "!a"], "a/b", true),
            (["*.md", "!README*.md", "README-secret.md"], "README-secret.md", true),
            (["*.md", "!README*.md", "README-secret.md"], "README.md", false),
            (["*.md", "!README*.md", "README-secret.md"], "x.md", true),
            (["**", "!src/**"], "src", true), (["**", "!src/**"], "src/a", false), (["**", "!src"], "src/a/b", false),
            (["a", "!a", "a/x"], "a/x/y", true), (["a", "!a", "a/x"], "a/y", false),
        ] as [([String], String, Bool)]
    )
    func order(patterns: [String], path: String, expected: Bool) throws {
        #expect(try isMatched(patterns, path) == expected)
    }

    @Test(
        "Malformed patterns are refused",
        arguments: [
            ("[a", PatternError.Reason.malformedClass), ("[]a]", .malformedClass), ("[-a]", .malformedClass),
            ("[a-]", .malformedClass), ("a\\", .danglingEscape), ("!", .emptyException), ("[z-a]", .reversedRange),
            ("x*[", .malformedClass), ("[a\\", .malformedClass), ("!/", .emptyException),
        ]
    )
    func malformed(pattern: String, reason: PatternError.Reason) {
        let expected = PatternError(pattern: pattern, file: nil, line: nil, reason: reason)
        #expect(throws: expected) { try PatternList([pattern]) }
    }

    @Test("Paths need not be UTF-8")
    func bytes() throws {
        let list = try PatternList(bytes: [[0x78, 0xFF], Array("?y".utf8), Array("z*".utf8)])
        #expect(list.decision(for: [0x78, 0xFF]).isMatch)
        #expect(!list.decision(for: [0x78, 0xFE]).isMatch)
        #expect(list.decision(for: [0xC3, 0x79]).isMatch)
        #expect(list.decision(for: [0x7A, 0x80, 0x81]).isMatch)
    }

    @Test("A pattern of more than 64 elements matches like a short one")
    func long() throws {
        let name = String(repeating: "ab", count: 60)
        #expect(try isMatched([name + "*" + name], name + "x" + name))
        #expect(try !isMatched([name + "*" + name + "?"], name + "x" + name))
        #expect(try isMatched(["**/" + name + "/**/*" + name], "q/" + name + "/r/s/t" + name))
    }

    @Test("Hostile patterns take linear time")
    func hostile() throws {
        let pattern = String(repeating: "*a", count: 30) + "**/" + String(repeating: "**/*a", count: 10) + "b"
        let path = String(repeating: "a", count: 4000)
        let clock = ContinuousClock()
        let list = try PatternList([pattern])
        let time = clock.measure { #expect(!list.decision(for: Array(path.utf8)).isMatch) }
        #expect(time < .seconds(1))
    }

    @Test("Agrees with plain recursion over random patterns and paths")
    func reference() throws {
        var random = SmallGenerator(state: 42)
        let pieces = ["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "\\a", "é", "."]
        let letters = ["a", "b", "/", "é", ".", "c"]
        var matched = 0
        for _ in 0..<20_000 {
            let pattern = (0..<random.below(6) + 1).map { _ in pieces[random.below(pieces.count)] }.joined()
            let path = (0..<random.below(7) + 1).map { _ in letters[random.below(letters.count)] }.joined()
            let clean = PathBytes.clean(Array(pattern.utf8))
            guard
                let compiled = try? PathPattern(
                    cleaned: clean,
                    isException: false,
                    spelling: pattern,
                    file: nil,
                    line: nil
                )
            else { continue }
            var parser = GlobParser(clean, crossing: true)
            let tokens = try parser.parse()
            let scalars = path.unicodeScalars.map(\.value)
            var expected = Reference.matches(tokens[...], scalars[...])
            // A `**` at the very start, before plain text, is a test for the end of the path.
            if tokens.first == .anyDirectories, !tokens.dropFirst().contains(where: \.isSpecial), !clean.contains(0x5C)
            {
                let suffix = Array(clean.dropFirst(2))
                let bytes = Array(path.utf8)
                expected = bytes.hasSuffix(suffix) || (suffix.first == 0x2F && bytes[...] == suffix.dropFirst())
            }
            if expected { matched += 1 }
            #expect(compiled.matches(Array(path.utf8)) == expected, "\(pattern) against \(path)")
        }
        #expect(matched > 1000)
    }
}

/// The meaning of the elements, written down as directly as possible.
enum Reference {
    static func matches(_ tokens: ArraySlice<GlobToken>, _ path: ArraySlice<UInt32>) -> Bool {
        guard let token = tokens.first else { return path.isEmpty }
        let rest = tokens.dropFirst()
        switch token {
        case .star:
            return matches(rest, path) || (path.first.map { $0 != 47 } == true && matches(tokens, path.dropFirst()))
        case .anything: return (0...path.count).contains { matches(rest, path.dropFirst($0)) }
        case .anyDirectories:
            if matches(rest, path) { return true }
            return path.indices.contains { path[$0] == 47 && matches(rest, path[($0 + 1)...]) }
        default: return path.first.map(token.accepts) == true && matches(rest, path.dropFirst())
        }
    }
}

/// A linear congruential generator, so that failures can be repeated.
struct SmallGenerator {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
