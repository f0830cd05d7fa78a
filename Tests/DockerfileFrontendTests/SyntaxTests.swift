// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import DockerfileFrontend

@Suite("Syntax")
struct SyntaxTests {
    static func parse(_ text: String) throws -> Dockerfile { try DockerfileFrontend.parse(Array(text.utf8)) }

    static func first(_ text: String) throws -> Instruction {
        let stage = try #require(try parse("FROM x\n" + text).stages.first)
        return try #require(stage.instructions.first)
    }

    @Test("A place is the one in the file, whatever was joined before it")
    func places() throws {
        guard case .copy(let copy) = try Self.first("COPY --chown=1 \\\n # no\n\n  one \\\n\ttwo /x") else {
            Issue.record("no COPY")
            return
        }
        #expect(copy.files.owner?.span == Span(line: 2, column: 13, length: 1))
        #expect(
            copy.files.sources.map(\.span) == [
                Span(line: 5, column: 2, length: 3), Span(line: 6, column: 1, length: 3),
            ]
        )
        #expect(copy.files.destination.span == Span(line: 6, column: 5, length: 2))
        #expect(copy.header.lines == 2...6)
        #expect(copy.header.comments.map(\.text) == ["no"])
    }

    @Test("Columns count characters, and carets stand under them")
    func characters() throws {
        let error = #expect(throws: DockerfileError.self) { try Self.parse("FROM x\nCOPY --chöwn=ü a b") }
        #expect(error?.position == DockerfilePosition(file: "Dockerfile", line: 2, column: 6))
        #expect(error?.length == 9)
        #expect(error?.description.hasSuffix("   |      ^^^^^^^^^") == true)
    }

    @Test("A tab before the place stays a tab under it")
    func tabs() {
        let error = #expect(throws: DockerfileError.self) { try Self.parse("FROM x\n\tRUM\ty") }
        #expect(
            error?.description
                == "Dockerfile:2:2: unknown instruction: RUM (did you mean RUN?)\n 2 | \tRUM\ty\n   | \t^^^"
        )
    }

    @Test(
        "Text that is not UTF-8 is refused with its line",
        arguments: [
            (
                [UInt8]("FROM x\nRUN ".utf8) + [0xFF, 0x0A],
                "Dockerfile:2:5: the line is not UTF-8 text (save the file as UTF-8)"
            ),
            ([0xFF, 0xFE, 0x46, 0x00], "Dockerfile is UTF-16 text (save it as UTF-8)"),
            ([0xC3], "Dockerfile:1:1: the line is not UTF-8 text (save the file as UTF-8)"),
        ]
    )
    func encoding(bytes: [UInt8], message: String) {
        let error = #expect(throws: DockerfileError.self) { try DockerfileFrontend.parse(bytes) }
        #expect(error?.summary == message)
    }

    @Test(
        "A heredoc's word says how it is read",
        arguments: [
            ("<<EOF", "EOF", true, false, 0), ("<<-EOF", "EOF", true, true, 0), ("<<\"EOF\"", "EOF", false, false, 0),
            ("<<'E F'", "E F", false, false, 0), ("3<<EOF", "EOF", true, false, 3), ("<< EOF", "EOF", true, false, 0),
            ("<<E'O'F", "EOF", false, false, 0), ("<<a.txt", "a.txt", true, false, 0),
        ]
    )
    func heredoc(word: String, name: String, expands: Bool, chomps: Bool, descriptor: UInt) throws {
        let heredoc = try #require(Heredoc(word: word, span: Span(line: 1, column: 0, length: 1)))
        #expect(
            (heredoc.name, heredoc.expands, heredoc.chomps, heredoc.descriptor) == (name, expands, chomps, descriptor)
        )
    }

    @Test("Other words are no heredocs", arguments: ["<EOF", "a<<EOF", "<<", "<<-", "<<<EOF", "<<a b", "x", "<<\"a"])
    func noHeredoc(word: String) {
        #expect(Heredoc(word: word, span: Span(line: 1, column: 0, length: 1)) == nil)
    }

    @Test("Heredocs within quotes, and in the JSON form, are none")
    func hiddenHeredocs() throws {
        #expect(try Self.first("RUN echo \"<<EOF\"\nUSER x").header.heredocs.isEmpty)
        #expect(try Self.first("RUN [\"<<EOF\"]\nUSER x").header.heredocs.isEmpty)
        #expect(try Self.first("RUN a <<EOF '\nUSER x").header.heredocs.isEmpty)
        #expect(try Self.first("ENV A=<<EOF\nUSER x").header.heredocs.isEmpty)
    }

    @Test(
        "A directive stands at the top, once, and only by its name",
        arguments: [
            ("# syntax = a/b:1 \nFROM x", "a/b:1"), ("#syntax=a\nFROM x", "a"), ("# SYNTAX=a\nFROM x", "a"),
            ("# comment\n# syntax=a\nFROM x", nil), ("\n# syntax=a\nFROM x", nil), ("FROM x\n# syntax=a", nil),
            ("# other=1\n# syntax=a\nFROM x", nil), ("# escape=`\n# syntax=a\nFROM x", "a"),
        ] as [(String, String?)]
    )
    func directives(text: String, syntax: String?) throws {
        #expect(try Self.parse(text).directives.syntax?.text == syntax)
    }

    @Test("A continuation that is escaped continues nothing")
    func escapedEscape() throws {
        guard case .run(let run) = try Self.first("RUN a\\\\\nUSER x") else {
            Issue.record("no RUN")
            return
        }
        #expect(run.command.arguments == ["a\\\\"])
    }

    @Test("Flags end at the first word, or at --")
    func flags() throws {
        guard case .copy(let copy) = try Self.first("COPY --chown='1:1' -- --x y") else {
            Issue.record("no COPY")
            return
        }
        #expect(copy.files.owner?.text == "1:1")
        #expect(copy.files.sources.map(\.text) == ["--x"])
    }

    @Test(
        "A mode is octal digits, or letters as chmod reads them",
        arguments: [
            ("755", true), ("0644", true), ("7777", true), ("10000", false), ("9", false), ("u+x", true),
            ("u=rwX,go=rX", true),
            ("a-w", true), ("+x", true), ("go=u", true), ("u=rw,", false), ("x", false), ("", false), ("u+rwz", false),
            ("u+x+w", true),
        ]
    )
    func modes(text: String, isValid: Bool) { #expect((FileMode(text) != nil) == isValid) }

    @Test(
        "Durations are read and written as Go does",
        arguments: [
            ("30s", 30_000_000_000, "30s"), ("1m30s", 90_000_000_000, "1m30s"), ("1.5h", 5_400_000_000_000, "1h30m0s"),
            ("100ms", 100_000_000, "100ms"), ("1µs", 1000, "1µs"), ("0", 0, "0s"),
            ("90m", 5_400_000_000_000, "1h30m0s"),
            ("1.5s", 1_500_000_000, "1.5s"),
        ]
    )
    func durations(text: String, nanoseconds: Int64, shown: String) {
        #expect(GoText.duration(text) == nanoseconds)
        #expect(GoText.duration(nanoseconds) == shown)
    }

    @Test("Texts that are no durations", arguments: ["", "5", "s", "5x", "1..5s", "999999999h", "."])
    func noDurations(text: String) { #expect(GoText.duration(text) == nil) }

    @Test(
        "Sizes are powers of 1024",
        arguments: [
            ("1", 1), ("1k", 1024), ("2KB", 2048), ("1.5m", 1_572_864), ("1GiB", 1 << 30), ("0", 0), ("x", nil),
            ("", nil), ("1q", nil),
        ] as [(String, Int64?)]
    )
    func sizes(text: String, bytes: Int64?) { #expect(ByteSize.parse(text) == bytes) }

    @Test(
        "Git repositories are told from paths and URLs",
        arguments: [
            ("https://host/r.git", "git://host/r.git"),
            ("https://host/r.git#main:sub/dir", "git://host/r.git#main:sub/dir"),
            ("git@host:a/b.git", "git://host/a/b.git"), ("git@host:a/b#v1", "git://host/a/b#v1"),
            ("ssh://git@host:22/a", "git://host:22/a"),
            ("git://host/a", "git://host/a"), ("https://host/r.git?tag=v1", "git://host/r.git#refs/tags/v1"),
            ("https://host/r.git?ref=x&subdir=/a/../b", "git://host/r.git#x:/a/../b"),
            ("https://u:p@host/r.git", nil),
            ("https://host/r", nil), ("a/b", nil), ("./a@b:c", nil), ("a@b", nil), ("ftp://host/r.git", nil),
            ("https://host/r.git?x=1", nil),
            ("https://host/r.git?branch=a&tag=b", nil), ("https://host/x.tar?ref=1", nil),
        ] as [(String, String?)]
    )
    func git(text: String, identifier: String?) {
        #expect(GitReference(parsing: text).map { "git://\($0.locator)" } == identifier)
    }

    @Test(
        "Paths are cleaned as Go cleans them",
        arguments: [
            ("", "."), (".", "."), ("/", "/"), ("//a//b/", "/a/b"), ("a/../b", "b"), ("../a", "../a"), ("/../a", "/a"),
            ("a/..", "."), ("a/./b", "a/b"),
        ]
    )
    func clean(path: String, expected: String) { #expect(PathText.clean(path) == expected) }

    @Test("The syntax tree of two spellings differs in the text only")
    func tree() throws {
        let spaced = try Self.parse("FROM   x\nENV  A=1   B=2\n").json["stages"]
        let plain = try Self.parse("FROM x\nENV A=1 B=2\n").json["stages"]
        let variables = { (json: JSONValue?) in json?.elements?.first?["instructions"]?.elements?.first?["variables"] }
        #expect(variables(spaced) == variables(plain))
        #expect(variables(plain) == [["name": "A", "value": "1"], ["name": "B", "value": "2"]])
    }
}
