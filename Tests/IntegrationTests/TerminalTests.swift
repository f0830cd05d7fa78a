// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// What a person sees while a build goes on, in a real terminal.
@Suite("In a terminal", .serialized)
struct TerminalTests {
    private func workspace(_ dockerfile: String) async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        return workspace
    }

    /// Two stages, of which one prints nine lines and then waits for three seconds.
    private static let slow = """
        FROM busybox:static AS tools
        RUN for i in 1 2 3 4 5 6 7 8 9; do echo tool line $i; done; sleep 3
        FROM busybox:static AS app
        RUN echo quick
        COPY --from=tools /bin/busybox /again
        """

    @Test(
        "The tree shows stages, timers and last lines, and leaves a summary",
        .timeLimit(.minutes(2)),
        arguments: [(80, 24), (200, 50)]
    )
    func tree(columns: Int, rows: Int) async throws {
        let workspace = try await workspace(Self.slow)
        try await withTerminal(in: workspace, columns: columns, rows: rows) { terminal in
            try await terminal.type("$REEL build -t app:1 ctx")
            let running = try await terminal.wait(for: "tool line 9")
            #expect(running.contains { $0.hasPrefix(" Building app:1") }, "\(running)")
            #expect(running.contains { $0.contains("tools") }, "the stage is named")
            #expect(running.contains { $0.contains("│ tool line 9") }, "the last lines are shown")
            #expect(!running.contains { $0.contains("│ tool line 1") }, "and only the last")
            #expect(running.allSatisfy { $0.count < columns })
            let first = running.first { $0.contains("RUN for i in") } ?? ""
            let later = try await terminal.wait { $0.first { $0.contains("RUN for i in") } != first }
            #expect(later.contains { $0.wholeMatch(of: /.* [0-9.]+s */) != nil }, "a timer runs: \(later)")

            let over = try await terminal.wait(for: "Built in")
            let summary = over.drop { !$0.contains("Built in") }.joined(separator: "\n")
            #expect(summary.contains("sha256:"), "the digest: \(summary)")
            #expect(summary.contains("app:1"), "\(summary)")
            #expect(!over.contains { $0.hasPrefix(" Building") }, "nothing of the tree is left: \(over)")

            try await terminal.type("clear; $REEL build -t app:1 ctx")
            let cached = try await terminal.wait(for: "all cached")
            #expect(cached.contains { $0.contains("the cache saved ") }, "\(cached)")
            #expect(!cached.contains { $0.hasPrefix(" Building") }, "a cached build draws nothing but its end")
        }
    }

    @Test("A failing step shows its last lines, its place in the Dockerfile, and how to go on", .timeLimit(.minutes(1)))
    func failure() async throws {
        let workspace = try await workspace(
            "FROM busybox:static\nENV A=b\nRUN echo before; \\\n    echo wrong >&2; exit 3\nRUN echo never\n"
        )
        try await withTerminal(in: workspace, columns: 80, rows: 24) { terminal in
            try await terminal.type("$REEL build ctx; echo code $?")
            let rows = try await terminal.wait(for: "code 1")
            let text = rows.joined(separator: "\n")
            #expect(text.contains("wrong"), "its last lines: \(text)")
            let marked = rows.filter { $0.contains(">>>") }
            #expect(marked.count == 2, "both lines of the step are marked: \(text)")
            #expect(marked.first?.contains("RUN echo before") == true && marked.last?.contains("exit 3") == true)
            #expect(rows.contains { $0.contains("ENV A=b") && !$0.contains(">>>") }, "with what stands around it")
            #expect(text.contains("reel history logs"), "\(text)")
            #expect(rows.joined().replacing(" ", with: "").contains("exitcode:3"), "over a row's end, perhaps: \(text)")
            #expect(text.contains("reel build ctx"), "the command to try again: \(text)")
        }
    }

    @Test("Ctrl-C ends the tree, says so, and gives the prompt back within a second", .timeLimit(.minutes(1)))
    func interrupt() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN echo here; sleep 1234\n")
        try await withTerminal(in: workspace, columns: 80, rows: 24) { terminal in
            try await terminal.type("$REEL build ctx; echo code $?")
            try await terminal.wait(for: "│ here")
            try await terminal.press("C-c")
            let rows = try await terminal.wait(for: "code 130")
            #expect(!rows.contains { $0.hasPrefix(" Building") }, "\(rows)")
            #expect(rows.contains { $0.contains("stopped") || $0.contains("cancelled") }, "\(rows)")
        }
    }

    @Test("A terminal that becomes narrow and wide again shows one tree, whole", .timeLimit(.minutes(1)))
    func resize() async throws {
        let workspace = try await workspace(Self.slow.replacing("sleep 3", with: "sleep 6"))
        try await withTerminal(in: workspace, columns: 120, rows: 30) { terminal in
            try await terminal.type("$REEL build ctx")
            try await terminal.wait(for: "tool line 9")
            try await terminal.resize(columns: 44, rows: 12)
            let narrow = try await terminal.wait { rows in
                rows.filter { $0.hasPrefix(" Building") }.count == 1 && rows.allSatisfy { $0.count <= 44 }
                    && rows.contains { $0.contains("…") }
            }
            #expect(narrow.count <= 13)
            try await terminal.resize(columns: 120, rows: 30)
            try await terminal.wait { rows in
                rows.filter { $0.hasPrefix(" Building") }.count == 1 && rows.contains { $0.contains("tool line 9") }
            }
            let over = try await terminal.wait(for: "Built in")
            #expect(!over.contains { $0.hasPrefix(" Building") }, "\(over)")
        }
    }

    @Test("Neither colours nor characters beyond ASCII come where they are not wanted", .timeLimit(.minutes(1)))
    func plainTerminal() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN echo one; sleep 2\n")
        let variables = ["NO_COLOR": "1", "LC_ALL": "C", "LANG": "C"]
        try await withTerminal(in: workspace, columns: 80, rows: 24, variables: variables) { terminal in
            try await terminal.type("LC_ALL=C $REEL build ctx")
            try await terminal.wait(for: "| one")
            let running = try await terminal.screen(escapes: true)
            #expect(running.allSatisfy { !$0.contains("\u{1B}[") }, "no colour: \(running)")
            try await terminal.wait(for: "Built in")
            let over = try await terminal.screen(escapes: true)
            #expect((running + over).allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }, "ASCII alone: \(over)")
        }
        try await withTerminal(in: workspace, columns: 80, rows: 25) { terminal in
            try await terminal.type("$REEL build --no-cache ctx")
            try await terminal.wait(for: "│ one")
            #expect(try await terminal.screen(escapes: true).contains { $0.contains("\u{1B}[") }, "else in colour")
        }
    }

    @Test("The tree is drawn at most ten times a second", .timeLimit(.minutes(1)))
    func rate() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN for i in $(seq 300); do echo $i; done; sleep 2\n")
        // script(1) gives the program a terminal and keeps all that it sends.
        try await workspace.shell(
            "script -qec \"'\(Workspace.reel)' build --progress tty ctx\" '\(workspace.folder)/sent' >/dev/null </dev/null"
        )
        let up = try await workspace.shell("grep -aoP '\\x1b\\[[0-9]+A' '\(workspace.folder)/sent' | wc -l")
        let frames = try #require(Int(up.trimmingPrefix(" ").split(separator: "\n").first ?? ""))
        #expect((5...45).contains(frames), "\(frames) frames in about 2 s")
        let sent = try await workspace.shell(
            "script -qec \"'\(Workspace.reel)' build --progress tty ctx\" /dev/null </dev/null"
        )
        #expect(!sent.contains("\u{1B}[1A") && !sent.contains("Building"), "a cached build draws no frame: \(sent)")
    }
}
