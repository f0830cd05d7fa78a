// SPDX-License-Identifier: Apache-2.0

import PathPatterns
import Testing

@Suite("Ignore files")
struct IgnoreFileTests {
    @Test(
        "Lines and what is made of them",
        arguments: [
            ("a\nb\n", ["a", "b"]), ("\u{FEFF}a\n", ["a"]), ("# c\n #d\n", ["#d"]), ("a/\r\n/b/c/\n", ["a", "b/c"]),
            ("  ! x/ \n", ["!x"]), ("\n\n   \n", []), ("a//b/./c/../d\n", ["a/b/d"]), ("/\n", ["/"]), ("//x", ["x"]),
            ("!/x", ["!x"]), ("\u{A0}x\u{2003}\n", ["x"]), ("no newline", ["no newline"]), ("#\u{FEFF}", []),
        ]
    )
    func lines(text: String, expected: [String]) throws {
        let file = try IgnoreFile(parsing: Array(text.utf8), name: ".dockerignore")
        #expect(file.patterns.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test("The deciding rule is named with its line")
    func explanation() throws {
        let text = "# build output\nout\n\n*.log\n!keep.log\n!out/list\n"
        let file = try IgnoreFile(parsing: Array(text.utf8), name: ".dockerignore")
        func line(_ path: String) -> (Bool, Int?) {
            let (isIgnored, rule) = file.explain(Array(path.utf8))
            return (isIgnored, rule?.line)
        }
        #expect(line("out/x/y") == (true, 2))
        #expect(line("a.log") == (true, 4))
        #expect(line("keep.log") == (false, 5))
        #expect(line("out/list/z") == (false, 6))
        #expect(line("src/main") == (false, nil))
        #expect(file.explain(Array("keep.log".utf8)).rule?.spelling == "!keep.log")
    }

    @Test(
        "A malformed rule names its line",
        arguments: [("a\n\n[x\n", 3, "[x"), ("!\n", 1, "!"), ("x\ny\\\n", 2, "y\\"), (" ! / ", 1, "! /")]
    )
    func malformed(text: String, line: Int, pattern: String) throws {
        let error = #expect(throws: PatternError.self) {
            try IgnoreFile(parsing: Array(text.utf8), name: "x.dockerignore")
        }
        #expect(error?.line == line)
        #expect(error?.pattern == pattern)
        #expect(error?.description.hasPrefix("x.dockerignore:\(line): ") == true)
    }
}
