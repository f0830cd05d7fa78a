// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Two builds beside each other, and one build as a picture.
@Suite("Views of the history")
struct HistoryViewTests {
    @Test(
        "Two builds are compared, one is drawn, and its graph is printed",
        .enabled(if: isRoot, "where layers are unpacked that can take longer than the slow step"),
        .timeLimit(.minutes(1))
    )
    func views() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile = """
            FROM busybox:static AS slow
            RUN sleep 0.4; echo "<slow> & late" >/slow

            FROM busybox:static
            ARG NOTE=one
            COPY f /f
            RUN sleep 0.1; echo $NOTE >/note
            COPY --from=slow /slow /slow
            """
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        try await workspace.write("f", to: "c/f")
        let first = try await workspace.reel("build", "-q", "-t", "a:1", "c")
        try #require(first.code == 0, "\(first.errors)")
        try await workspace.write("F", to: "c/f")
        let second = try await workspace.reel("build", "-q", "-t", "a:1", "--build-arg", "NOTE=two", "c")
        try #require(second.code == 0, "\(second.errors)")
        let ids = try await workspace.reel("history", "ls", "-q").output.split(separator: "\n").map(String.init)

        let told = try await workspace.reel("history", "diff", ids[1], ids[0], "--json")
        try #require(told.code == 0, "\(told.errors)")
        let lines = try told.json
        func names(_ subject: String) -> [String] {
            lines.filter { $0["subject"]?.text == subject }.compactMap { $0["id"]?.text }
        }
        #expect(names("environment").isEmpty)
        #expect(names("option") == ["build-arg:NOTE"])
        #expect(names("source") == ["local://context"])
        #expect(names("step").count == 3)
        #expect(names("result").contains("image"))
        let run = lines.first { $0["id"]?.text?.contains("$NOTE") == true || $0["id"]?.text?.contains("/note") == true }
        let causes = (run?["causes"]?.elements ?? []).flatMap(WhyTests.roots).map(WhyTests.brief)
        #expect(Set(causes) == ["build-argument NOTE one two", "file context f content"])
        let text = try await workspace.reel("history", "diff", ids[1], ids[0]).output
        #expect(text.contains("Options\n  build-arg:NOTE\n    - not there\n    + two\n"))
        let same = try await workspace.reel("history", "diff", ids[0], ids[0])
        #expect(same.output.contains("differ in nothing"))

        for file in ["t.svg", "t.html"] {
            let drawn = try await workspace.reel("history", "inspect", ids[1], "--timeline", file)
            try #require(drawn.code == 0, "\(drawn.errors)")
        }
        let parsed = try await workspace.shell(
            """
            python3 -c '
            import sys, xml.dom.minidom as dom
            svg = dom.parse("t.svg")
            bars = [r for r in svg.getElementsByTagName("rect") if r.parentNode.tagName == "g"]
            critical = [r.parentNode.getElementsByTagName("title")[0].firstChild.data for r in bars if r.getAttribute("stroke")]
            print(len(bars)); print("\\n".join(critical))'
            """
        )
        let rows = parsed.split(separator: "\n").map(String.init)
        #expect(Int(rows.first ?? "") == 7, "two sources, four steps, one export")
        #expect(rows.dropFirst().contains { $0.contains("<slow> & late") }, "the slow stage is on the critical path")
        #expect(!rows.dropFirst().contains { $0.contains("/note") }, "the quick step is not")
        #expect(rows.last?.hasPrefix("image") == true)

        let dot = try await workspace.reel("debug", "graph", ids[0], "--dot")
        #expect(dot.output.hasPrefix("digraph {") && dot.output.contains("local://context"))
        #expect(try await workspace.reel("debug", "graph", ids[0]).output == dot.output)
        let mermaid = try await workspace.reel("debug", "graph", ids[0], "--mermaid")
        #expect(mermaid.output.hasPrefix("flowchart TD\n") && mermaid.output.contains("COPY f /f"))
        #expect(try await workspace.reel("debug", "graph", "zzz").code == 2)
        #expect(try await workspace.reel("debug", "graph", "--platform", "linux/riscv64").code == 2)
    }
}
