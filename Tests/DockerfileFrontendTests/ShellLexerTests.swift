// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DockerfileFrontend

@Suite("Shell words")
struct ShellLexerTests {
    static let variables = [
        "HOME": "/home/u", "EMPTY": "", "FILE": "dir/archive.tar.gz", "A": "aXbXc", "SPACED": "one  two", "ÜBER": "ü",
        "LINES": "a\nb", "STAR": "a*b?c\\d",
    ]

    @Test(
        "A word expands as the reference says",
        arguments: [
            // Plain text, quotes, escapes.
            ("plain", "plain"), ("", ""), ("a'b'c", "abc"), ("'$HOME'", "$HOME"), ("\"$HOME\"", "/home/u"),
            ("\"a'b\"", "a'b"), ("'a\"b'", "a\"b"), (#"a\b"#, "ab"), (#"a\\b"#, #"a\b"#), (#""a\b""#, #"a\b"#),
            (#""a\\b""#, #"a\b"#), (#""a\"b""#, "a\"b"), (#"'a\b'"#, #"a\b"#), (#"\$HOME"#, "$HOME"),
            (#""\$HOME""#, "$HOME"),
            (#"\\$HOME"#, #"\/home/u"#), (#"end\"#, "end"), (#"\'"#, "'"), (#"\ü"#, "ü"), ("a < b", "a < b"),
            ("<<EOF", "<<EOF"),
            // Names.
            ("$HOME/x", "/home/u/x"), ("${HOME}x", "/home/ux"), ("$HOMEx", ""), ("$", "$"), ("a$", "a$"), ("$.", "$."),
            ("$ x", "$ x"),
            ("$1x", "x"), ("$12a", "a"), ("$@", ""), ("$$", ""), ("${1}", ""), ("${?}", ""), ("$ÜBER", "ü"),
            ("$HOME-x", "/home/u-x"),
            ("$_x", ""), ("$NOPE", ""), ("${NOPE}", ""),
            // Defaults.
            ("${NOPE-d}", "d"), ("${NOPE:-d}", "d"), ("${EMPTY-d}", ""), ("${EMPTY:-d}", "d"),
            ("${HOME:-d}", "/home/u"),
            ("${NOPE:-$HOME}", "/home/u"), ("${NOPE:-${EMPTY:-deep}}", "deep"), ("${NOPE:-a b}", "a b"),
            ("${NOPE:-'}'}", "}"),
            (#"${NOPE:-\}}"#, "}"), ("${NOPE:-\"$HOME\"}", "/home/u"), ("${NOPE:-}", ""), ("${NOPE:-{x}", "{x"),
            // Alternatives.
            ("${HOME+x}", "x"), ("${HOME:+x}", "x"), ("${EMPTY+x}", "x"), ("${EMPTY:+x}", ""), ("${NOPE+x}", ""),
            ("${NOPE:+x}", ""),
            // Required.
            ("${HOME?}", "/home/u"), ("${HOME:?why}", "/home/u"), ("${EMPTY?}", ""),
            // Trimming.
            ("${FILE#*/}", "archive.tar.gz"), ("${FILE#*.}", "tar.gz"), ("${FILE##*.}", "gz"),
            ("${FILE%.*}", "dir/archive.tar"),
            ("${FILE%%.*}", "dir/archive"), ("${FILE%/*}", "dir"), ("${FILE#x}", "dir/archive.tar.gz"),
            ("${FILE#dir}", "/archive.tar.gz"),
            ("${FILE#???}", "/archive.tar.gz"), ("${FILE%??}", "dir/archive.tar."), ("${FILE#}", "dir/archive.tar.gz"),
            ("${FILE##*}", ""),
            ("${NOPE#x}", ""), ("${STAR#a\\*}", "b?c\\d"), ("${STAR%c\\\\d}", "a*b?"), ("${STAR%%\\?*}", "a*b"),
            ("${LINES#*}", "a\nb"),
            ("${LINES#a?}", "a\nb"),
            // Replacing.
            ("${A/X/-}", "a-bXc"), ("${A//X/-}", "a-b-c"), ("${A//X/}", "abc"), ("${A/X}", "error"),
            ("${A/*X/-}", "-c"),
            ("${A//?/.}", "....."), ("${FILE//\\//_}", "dir_archive.tar.gz"), ("${A/b/$HOME}", "aX/home/uXc"),
            ("${A//z/y}", "aXbXc"),
            ("${A//*/y}", "y"), ("${NOPE//a/b}", ""), ("${FILE/./\\}}", #"dir/archive\}tar.gz"#),
        ]
    )
    func expands(word: String, expected: String) {
        let actual = try? ShellLexer(escape: "\\").expand(word, lookup: { Self.variables[$0] }).text
        #expect((actual ?? "error") == expected, "\(word)")
    }

    @Test(
        "A malformed word is refused with its place",
        arguments: [
            ("a'b", "a single quote is not closed", 1), ("a\"b", "a double quote is not closed", 1),
            ("x${A", "'}' is missing", 1),
            ("${", "'}' is missing", 0), ("${}", "bad substitution", 0), ("${{A}", "bad substitution", 0),
            ("${:-x}", "bad substitution", 0),
            ("${A:-x", "'}' is missing", 0), ("${A:-${B}", "'}' is missing", 0), ("${A/x/y", "'}' is missing", 0),
            ("ab${NOPE?}", "NOPE: is not allowed to be unset", 2), ("${NOPE:?say $HOME}", "NOPE: say /home/u", 0),
            ("${EMPTY:?}", "EMPTY: is not allowed to be empty", 0),
            (#"${A#\x}"#, "'\\x' is no pattern: only * ? \\ can be escaped in it", 0),
            ("${A=x}", "'=' is no modifier of a substitution; there are :- :+ :? - + ? # ## % %% / //", 0),
            ("${A:#x}", "':#' is no modifier of a substitution; there are :- :+ :? - + ? # ## % %% / //", 0),
            ("${.}", "'.' is no modifier of a substitution; there are :- :+ :? - + ? # ## % %% / //", 0),
        ]
    )
    func refuses(word: String, message: String, offset: Int) {
        #expect(throws: ExpansionError(message: message, offset: offset)) {
            try ShellLexer(escape: "\\").expand(word, lookup: { Self.variables[$0] })
        }
    }

    @Test(
        "Values are split at white space, unless they are quoted",
        arguments: [
            ("a b", ["a", "b"]), ("  a   b ", ["a", "b"]), ("'a b' c", ["a b", "c"]), ("a\\ b", ["a b"]),
            ("$SPACED", ["one", "two"]),
            ("x$SPACED y", ["xone", "two", "y"]), ("\"$SPACED\"", ["one  two"]), ("x\"$SPACED\"y", ["xone  twoy"]),
            ("$NOPE", []),
            ("<< EOF x", ["<< EOF", "x"]), ("", []),
        ]
    )
    func splits(word: String, expected: [String]) throws {
        #expect(try ShellLexer(escape: "\\").words(word, lookup: { Self.variables[$0] }) == expected)
    }

    @Test("The escape can be a backtick, which frees the backslash")
    func backtick() throws {
        let lexer = ShellLexer(escape: "`")
        #expect(try lexer.expand("`$HOME C:\\x ``", lookup: { Self.variables[$0] }).text == "$HOME C:\\x `")
        #expect(try lexer.expand("\"a`\"b\"", lookup: { _ in nil }).text == "a\"b")
    }

    @Test("Variables that are not set can stay, and are told")
    func keepsUnset() throws {
        var lexer = ShellLexer(escape: "\\")
        lexer.keepsUnset = true
        lexer.keepsQuotes = true
        let result = try lexer.expand("'q' $X ${Y} ${Z:-d} ${W#p} ${V/a/b} $HOME", lookup: { Self.variables[$0] })
        #expect(result.text == "'q' $X ${Y} ${Z:-d} ${W#p} ${V/a/b} /home/u")
        #expect(result.unmatched == ["X", "Y", "Z", "W", "V"])
        #expect(result.matched == ["HOME"])
    }

    @Test("Nesting has a limit")
    func depth() {
        let deep = String(repeating: "${A:-", count: 500) + String(repeating: "}", count: 500)
        #expect(throws: ExpansionError.self) { try ShellLexer(escape: "\\").expand(deep, lookup: { _ in nil }) }
    }

    @Test("A pattern that would make backtracking explode is matched at once")
    func pathological() throws {
        let value = String(repeating: "a", count: 4000)
        let word = "${V#" + String(repeating: "*a", count: 40) + "b}"
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try ShellLexer(escape: "\\").expand(word, lookup: { _ in value }).text == value)
        #expect(clock.now - start < .seconds(5))
    }
}
