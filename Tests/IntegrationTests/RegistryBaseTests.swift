// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Bases from a registry: pinned, and fetched no sooner and no more often than something reads their files.
@Suite("Bases from a registry")
struct RegistryBaseTests {
    /// Puts busybox into the registry as `base:1`, and another image as `base:2`, both with gzip layers.
    private func fill(_ registry: LoopbackRegistry, _ workspace: Workspace) async throws {
        let tar = try await Workspace.busyboxTar()
        try await workspace.shell(
            """
            mkdir extra && tar -C extra -xf '\(tar)' && echo two >extra/two && tar -C extra -cf two.tar .
            for n in one two; do
                file=two.tar; [ $n = two ] || file='\(tar)'
                REEL_ROOT=$PWD/other '\(Workspace.reel)' image import $n:1 $file
                skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-compress \
                    oci:other:docker.io/library/$n:1 docker://\(registry.host)/base:$n
            done
            skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false \
                docker://\(registry.host)/base:one docker://\(registry.host)/base:moving
            """
        )
    }

    private func build(_ workspace: Workspace, _ dockerfile: String, _ options: String...) async throws -> Finished {
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        return try await workspace.run(Workspace.reel, ["build", "-q"] + options + ["ctx"])
    }

    @Test("A base whose files nothing reads is never downloaded", .timeLimit(.minutes(1)))
    func lazy() async throws {
        let workspace = try Workspace()
        try await LoopbackRegistry.run(in: workspace) { registry in
            try await fill(registry, workspace)
            let before = try registry.requests().count
            let dockerfile = "FROM \(registry.host)/base:one\nENV A=b\nLABEL c=d\nCMD [\"sh\"]\n"
            let built = try await build(workspace, dockerfile)
            #expect(built.code == 0, "\(built.errors)")
            let asked = try registry.requests().dropFirst(before)
            #expect(asked.count == 3, "one HEAD, the manifest and the configuration: \(asked)")
            #expect(asked.first == "HEAD /v2/base/manifests/one")
            #expect(try await workspace.count("layer.fetched") == 0)
            #expect(try await workspace.reel("audit").code == 0)
            let replay = try await workspace.reel("replay", "latest")
            #expect(replay.code == 0, "\(replay.errors)")
            #expect(try registry.requests().count == before + 3, "a replay of it needs no file either")

            let read = try await build(workspace, dockerfile + "RUN cat /bin/busybox >/copy\n")
            #expect(read.code == 0, "\(read.errors)")
            #expect(try await workspace.count("layer.fetched") == 1)
        }
    }

    @Test("A cached build makes one HEAD request, none when the base is named by digest", .timeLimit(.minutes(1)))
    func cached() async throws {
        let workspace = try Workspace()
        try await LoopbackRegistry.run(in: workspace) { registry in
            try await fill(registry, workspace)
            let steps = "RUN echo x >/x\nCOPY Dockerfile /d\n"
            let first = try await build(workspace, "FROM \(registry.host)/base:one\n" + steps)
            try #require(first.code == 0, "\(first.errors)")
            let pin = try await workspace.events().compactMap { event in
                event["kind"]?.text == "source.resolved" ? event["body"]?["is"]?["pin"]?.text : nil
            }.first
            let byDigest = "FROM \(registry.host)/base@\(try #require(pin))\n"
            _ = try await build(workspace, byDigest + steps)
            for (from, wanted) in [
                ("FROM \(registry.host)/base:one\n", ["HEAD /v2/base/manifests/one"]), (byDigest, []),
            ] {
                _ = try await build(workspace, from + steps)
                let before = try registry.requests().count
                let again = try await build(workspace, from + steps)
                #expect(again.code == 0, "\(again.errors)")
                #expect(Array(try registry.requests().dropFirst(before)) == wanted)
            }
        }
    }

    @Test("A tag that moved is said, and what was recorded keeps its pin", .timeLimit(.minutes(1)))
    func moved() async throws {
        let workspace = try Workspace()
        try await LoopbackRegistry.run(in: workspace) { registry in
            try await fill(registry, workspace)
            let dockerfile = "FROM \(registry.host)/base:moving\nRUN ls / >/list\n"
            try #require(try await build(workspace, dockerfile).code == 0)
            let id = try #require(try await workspace.reel("history", "ls", "--json").json.first?["id"]?.text)
            try await workspace.shell(
                """
                skopeo --insecure-policy copy -q --src-tls-verify=false --dest-tls-verify=false \
                    docker://\(registry.host)/base:two docker://\(registry.host)/base:moving
                """
            )
            try #require(try await build(workspace, dockerfile).code == 0)
            let moves = try await workspace.events().compactMap { $0["body"]?["is"]?["movedFrom"]?.text }
            #expect(moves.count == 1)
            let requests = try registry.requests().count
            let rerun = try await workspace.reel("rerun", id)
            #expect(rerun.code == 0, "\(rerun.errors)")
            let replay = try await workspace.reel("replay", id)
            #expect(replay.code == 0, "\(replay.errors)")
            #expect(try registry.requests().count == requests, "both take the pinned digest, and what is here")
            let audit = try await workspace.reel("audit")
            #expect(audit.code == 0, "\(audit.output)\(audit.errors)")
        }
    }

    @Test(
        "Without a network a digest that is here will do, and a tag what it was last, if asked",
        .timeLimit(.minutes(1))
    )
    func offline() async throws {
        let workspace = try Workspace()
        try await LoopbackRegistry.run(in: workspace) { registry in
            try await fill(registry, workspace)
            let dockerfile = "FROM \(registry.host)/base:one\nENV A=b\n"
            try #require(try await build(workspace, dockerfile).code == 0)
            let before = try registry.requests().count
            let strict = try await build(workspace, dockerfile, "--offline")
            #expect(strict.code == 11)
            #expect(strict.errors.contains("--offline=last"), "\(strict.errors)")
            let last = try await build(workspace, dockerfile, "--offline=last")
            #expect(last.code == 0, "\(last.errors)")
            let reads = try await build(workspace, dockerfile + "RUN true\n", "--offline=last")
            #expect(reads.code == 11, "the layers are elsewhere: \(reads.errors)")
            #expect(try registry.requests().count == before)
        }
    }

    @Test("Trouble with a registry is one sentence with its exit code", .timeLimit(.minutes(1)))
    func refused() async throws {
        let workspace = try Workspace()
        let nobody = "127.0.0.1:\(try LoopbackRegistry.freePort())"
        let unreachable = try await build(workspace, "FROM \(nobody)/base:1\nRUN true\n")
        #expect(unreachable.code == 1)
        #expect(unreachable.errors.contains(nobody) && unreachable.errors.contains("reel image import"))
        try await LoopbackRegistry.run(in: workspace) { registry in
            let absent = try await build(workspace, "FROM \(registry.host)/absent:1\nRUN true\n")
            #expect(absent.code == 1)
            #expect(absent.errors.contains("Dockerfile:1") && absent.errors.contains("has no"), "\(absent.errors)")
        }
        try await workspace.write("{\"a\": {\"mirror\": []}}", to: "registries.json")
        try await workspace.write("FROM a.example/b\nRUN true\n", to: "ctx/Dockerfile")
        let wrong = try await workspace.reel("build", "ctx", environment: ["REEL_REGISTRIES": "registries.json"])
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("registries.json") && wrong.errors.contains("'mirror'"))
    }
}
