// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import Testing

@testable import BuildProgress

@Suite("Reports at the end")
struct ReportTests {
    let dockerfile = Array("FROM a\nRUN b\nRUN false \\\n  && true\nRUN c\n".utf8)

    @Test("An excerpt marks the lines that are meant")
    func excerpt() throws {
        let excerpt = try #require(SourceExcerpt(file: "Dockerfile", text: dockerfile, marked: [3...4], around: 1))
        #expect(
            excerpt.styled.map(\.text) == [
                "Dockerfile:3", "--------------------", "   2 |     RUN b", "   3 | >>> RUN false \\",
                "   4 | >>>   && true",
                "   5 |     RUN c", "--------------------",
            ]
        )
    }

    @Test("Lines that the file does not have give no excerpt, or what there is of them")
    func outside() {
        #expect(SourceExcerpt(file: "x", text: dockerfile, marked: [9...9]) == nil)
        #expect(SourceExcerpt(file: "x", text: dockerfile, marked: []) == nil)
        #expect(SourceExcerpt(file: "x", text: [], marked: [1...1])?.lines.isEmpty == true)
        #expect(SourceExcerpt(file: "x", text: dockerfile, marked: [5...99])?.lines.map(\.number) == [2, 3, 4, 5])
    }

    @Test("A failure shows last lines, source and commands")
    func failure() {
        let report = FailureReport(
            step: "[2/3] RUN false",
            output: [.init(text: "boom", elapsed: 12_000_000)],
            source: SourceExcerpt(file: "Dockerfile", text: dockerfile, marked: [3...3], around: 0),
            commands: [("again", "reel build ."), ("all output", "reel history logs x")]
        )
        #expect(
            report.styled.map(\.text) == [
                "------", " > [2/3] RUN false:", "0.012 boom", "------", "Dockerfile:3", "--------------------",
                "   3 | >>> RUN false \\", "--------------------", "again       reel build .",
                "all output  reel history logs x",
            ]
        )
    }

    @Test("A good end tells what ran, what the cache saved, and what came out")
    func end() {
        var state = ProgressState()
        state.apply(Script.keyed(1, "a"), at: Script.at(0))
        state.apply(Script.reused(1), at: Script.at(0))
        let report = EndReport(
            nanoseconds: 1_234_000_000,
            saved: 80_000_000_000,
            products: [("image", "hello:1", 0), ("oci", "hello.tar", 12_300_000)],
            commands: [("build", "reel history inspect 01")]
        )
        let style = TerminalStyle(inColour: false, inUnicode: false)
        #expect(
            report.styled(state, style: style).map(\.text) == [
                " + Built in 1.2s, 1 step, all cached, the cache saved 1m 20s", "   image  hello:1",
                "   oci    hello.tar  12.3MB",
                "   build  reel history inspect 01",
            ]
        )
    }
}
