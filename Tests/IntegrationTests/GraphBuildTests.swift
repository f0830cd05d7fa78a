// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import Testing

/// Graphs of LLB, piped into the program, with every kind of operation.
@Suite("LLB piped in")
struct GraphBuildTests {
    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        return workspace
    }

    /// Builds a state into the folder `out`, and gives the paths in it, directories with a slash.
    private func files(of state: State, in workspace: Workspace, _ options: String...) async throws -> [String] {
        try await workspace.shell("rm -rf out")
        let built = try await workspace.run(
            Workspace.reel,
            ["build", "-q", "-o", "out"] + options,
            input: try state.marshal().encoded
        )
        try #require(built.code == 0, "\(built.errors)")
        let listed = try await workspace.shell(
            #"cd out && find . -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) | LC_ALL=C sort"#
        )
        return listed.split(separator: "\n").map(String.init)
    }

    private let tools = State.image("busybox:static")

    @Test(
        "An exec has an output for each mount that it may write, and sees selectors, memory, caches, secrets",
        .timeLimit(.minutes(1))
    )
    func exec() async throws {
        let workspace = try await workspace()
        let data = State.scratch.file(
            FileSteps().makeDirectory("/sub").makeFile("/sub/a", "one").makeFile("/other", "two")
        )
        let run = tools.run(
            shell: """
                set -e
                cat /data/a /whole/other >/first/both; ls /data >/second/list
                if touch /data/x 2>/dev/null; then exit 9; fi; test ! -e /data/other
                touch /discarded/here /memory/here /cache/here; cat /run/secrets/key >/first/key
                grep -q ' /memory tmpfs ' /proc/mounts; echo root >/at-root
                """
        ) {
            $0.mount("/data", data, selector: "/sub", isReadOnly: true, contentCache: .on)
            $0.mount("/whole", data, isReadOnly: true, contentCache: .off)
            $0.mount("/first", .scratch)
            $0.mount("/second", data)
            $0.mount("/discarded", .scratch, discardsChanges: true)
            $0.tmpfs("/memory")
            $0.cache("/cache", id: "c")
            $0.secret("/run/secrets/key", id: "key")
        }
        try await workspace.write("hidden", to: "key.txt")
        let secret = ["--secret", "id=key,src=key.txt"]
        #expect(try await files(of: run.mount("/first"), in: workspace, secret[0], secret[1]) == ["both", "key"])
        #expect(try await workspace.shell("cat out/both") == "onetwo")
        let second = try await files(of: run.mount("/second"), in: workspace, secret[0], secret[1])
        #expect(second == ["list", "other", "sub/", "sub/a"])
        let root = try await files(of: State.diff(tools, run.root), in: workspace, secret[0], secret[1])
        #expect(root.contains("at-root") && !root.contains { $0.hasPrefix("bin/") })
        #expect(try await workspace.count("step.finished") == 3, "the file step, the exec and the diff, once each")
    }

    @Test("A root that is read only can't be written, and is what it was", .timeLimit(.minutes(1)))
    func readOnlyRoot() async throws {
        let workspace = try await workspace()
        let run = tools.run(shell: "if touch /x 2>/dev/null; then exit 9; fi; echo kept >/out/ok") {
            $0.isRootReadOnly = true
            $0.mount("/out", .scratch)
        }
        #expect(try await files(of: run.mount("/out"), in: workspace) == ["ok"])
    }

    @Test("File actions make, link, copy with attributes, and remove by wildcard", .timeLimit(.minutes(1)))
    func fileActions() async throws {
        let workspace = try await workspace()
        let made = State.scratch.file(
            FileSteps().makeDirectory("/d/e", makesParents: true).makeFile("/d/keep.c", mode: 0o600, "c")
                .makeFile("/d/one.o", "1").makeFile("/d/two.o", "2").symlink("/link", to: "d/keep.c")
        )
        let copied = State.scratch.file(
            FileSteps().copy(from: made, "/d/*.o", to: "/objects/") {
                $0.allowsWildcard = true
                $0.createsDestinationPath = true
            }.copy(from: made, "/link", to: "/")
        )
        let swept = made.file(
            FileSteps().remove("/d/*.o", allowsWildcard: true).remove("/absent", allowsNotFound: true)
        )
        #expect(try await files(of: made, in: workspace) == ["d/", "d/e/", "d/keep.c", "d/one.o", "d/two.o", "link"])
        #expect(try await workspace.shell("readlink out/link; stat -c %a out/d/keep.c") == "d/keep.c\n600\n")
        #expect(try await files(of: copied, in: workspace) == ["link", "objects/", "objects/one.o", "objects/two.o"])
        #expect(try await files(of: swept, in: workspace) == ["d/", "d/e/", "d/keep.c", "link"])
    }

    @Test("A merge stacks, a diff is what changed, and a bare one exports nothing else", .timeLimit(.minutes(1)))
    func mergeAndDiff() async throws {
        let workspace = try await workspace()
        let base = State.scratch.file(FileSteps().makeDirectory("/a").makeFile("/a/x", "1").makeFile("/a/y", "1"))
        let upper = base.file(FileSteps().remove("/a/x").makeFile("/a/z", "2"))
        let other = State.scratch.file(FileSteps().makeDirectory("/b").makeFile("/b/w", "3"))
        let changed = State.diff(base, upper)
        #expect(try await files(of: changed, in: workspace) == ["a/", "a/z"], "the changed path and its folder")
        #expect(try await files(of: State.merge([other, changed]), in: workspace) == ["a/", "a/z", "b/", "b/w"])
        // On a file system with /a/x, the deletion that the diff holds takes it away.
        let below = State.scratch.file(FileSteps().makeDirectory("/a").makeFile("/a/x", "9").makeFile("/a/q", "9"))
        #expect(try await files(of: State.merge([below, changed]), in: workspace) == ["a/", "a/q", "a/z"])
        // Neither stands on the other: the difference is computed from both trees.
        #expect(try await files(of: State.diff(base, other), in: workspace) == ["b/", "b/w"])
        let replay = try await workspace.reel("replay", "latest")
        #expect(replay.code == 0, "\(replay.errors)")
    }

    @Test("A local source is what its patterns leave of the folder", .timeLimit(.minutes(1)))
    func local() async throws {
        let workspace = try await workspace()
        try await workspace.shell(
            "mkdir -p src/sub src/real && touch src/a.c src/a.o src/sub/b.c src/real/f && ln -s real src/link"
        )
        func found(_ source: LocalSource) async throws -> [String] {
            try await files(of: State.local("src", source), in: workspace, "--local", "src=src")
        }
        #expect(
            try await found(LocalSource(includePatterns: ["**/*.c"], differ: LocalDiffer.none)) == [
                "a.c", "sub/", "sub/b.c",
            ]
        )
        let excluded = try await found(LocalSource(excludePatterns: ["*.o", "real", "link"], sharedKeyHint: "k"))
        #expect(excluded == ["a.c", "sub/", "sub/b.c"])
        #expect(try await found(LocalSource(followPaths: ["link"], differ: .metadata)) == ["link", "real/", "real/f"])
        let without = try await workspace.reel("build", input: try State.local("src").marshal().encoded)
        #expect(without.code == 2)
        #expect(without.errors.contains("--local src=DIR"), "\(without.errors)")
    }

    /// A definition whose only vertex solves another one: given, or as a file of its input.
    private func graph(_ operation: BuildOperation, _ inputs: [State]) throws -> [UInt8] {
        var builder = DefinitionBuilder()
        var outputs: [VertexInput] = []
        for input in inputs {
            for vertex in try input.marshal().vertices {
                outputs = [builder.add(vertex.operation, inputs: vertex.inputs, platform: vertex.platform)]
            }
        }
        let result = builder.add(.build(operation), inputs: outputs)
        return try builder.finish(output: result).encoded
    }

    @Test("A build operation solves the graph that it holds, and the one that its input holds", .timeLimit(.minutes(1)))
    func nested() async throws {
        let workspace = try await workspace()
        let inner = try tools.run(shell: "echo inner >/out/made") { $0.mount("/out", .scratch) }.mount("/out").marshal()
        let held = State.scratch.file(FileSteps().makeFile("/graph", inner.encoded))
        let name = BuildOperation.definitionInput
        let given = try graph(BuildOperation(builder: nil, inputs: [:], definition: inner), [])
        let read = try graph(
            BuildOperation(builder: nil, inputs: [name: 0], attributes: ["llbbuild.filename": "/graph"]),
            [held]
        )
        for bytes in [given, read] {
            let built = try await workspace.reel("build", "-q", "-o", "out", input: bytes)
            try #require(built.code == 0, "\(built.errors)")
            #expect(try await workspace.shell("cat out/made; rm -r out") == "inner\n")
            let replay = try await workspace.reel("replay", "latest")
            #expect(replay.code == 0, "\(replay.errors)")
        }
        let execs = try await workspace.events().count {
            $0["kind"]?.text == "step.finished"
        }
        #expect(execs > 0)
        let absent = try graph(BuildOperation(builder: nil, inputs: [name: 0]), [held])
        let refused = try await workspace.reel("build", "-o", "out", input: absent)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("no file '\(name)'"), "\(refused.errors)")
    }

    @Test("What is no graph is refused in one sentence, a gigabyte of it at once", .timeLimit(.minutes(1)))
    func refused() async throws {
        let workspace = try Workspace()
        for (bytes, code) in [([0x0A, 0xFF, 0xFF, 0xFF], 2), ([UInt8](repeating: 0x7F, count: 4096), 2)] {
            let built = try await workspace.reel("build", "-o", "out", input: bytes)
            #expect(built.code == Int32(code) && built.errors.split(separator: "\n").count == 1, "\(built.errors)")
        }
        let script = "set +o pipefail; head -c 1000000000 /dev/zero | '\(Workspace.reel)' build -o out 2>err || echo $?"
        #expect(try await workspace.shell(script) == "2\n")
        #expect(try await workspace.shell("wc -l <err; test ! -e out && echo none") == "1\nnone\n")
    }
}
