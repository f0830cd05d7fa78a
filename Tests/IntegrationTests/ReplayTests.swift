// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Recorded builds executed again, as a person does it.
@Suite("Replay")
struct ReplayTests {
    /// Builds `dockerfile` over the files of `ctx`, and returns the id.
    private func built(
        _ workspace: Workspace,
        _ dockerfile: String,
        _ options: String...,
        import base: Bool = true
    ) async throws -> String {
        if base { try await workspace.importBusybox() }
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        let result = try await workspace.run(
            Workspace.reel,
            ["build", "--json", "--progress=plain"] + options + ["ctx"]
        )
        try #require(result.code == 0, "\(result.errors)")
        return try #require(result.json.first?["id"]?.text)
    }

    private static let diverging = """
        FROM busybox:static AS a
        RUN cat /proc/sys/kernel/random/uuid >/uuid; echo fixed >/fixed; mkdir /d
        RUN cat /uuid >/copy
        FROM busybox:static
        COPY --from=a /uuid /uuid
        RUN echo same >/same
        RUN head -c 12 /dev/urandom >/noise

        """

    @Test("A divergence is told by step, path and field, what follows from it apart", .timeLimit(.minutes(2)))
    func divergence() async throws {
        let workspace = try Workspace()
        let id = try await built(workspace, Self.diverging, "-t", "d:1")
        let replay = try await workspace.reel("replay", id, "--json", "--keep")
        #expect(replay.code == 8, "\(replay.errors)")
        let objects = try replay.json
        let summary = try #require(objects.last)
        #expect(summary["id"]?.text == "replay")
        #expect(summary["identical"] == false)
        #expect(summary["firstDivergence"]?.text?.contains("kernel/random/uuid") == true)

        let own = objects.filter { $0["identical"] == false && $0["carried"] == false }
        #expect(own.map { $0["subject"]?.text } == ["diffID", "diffID"], "the two steps that differ by themselves")
        let first = try #require(own.first)
        #expect(first["paths"]?.elements?.compactMap { $0["path"]?.text } == ["uuid"])
        let field = first["paths"]?.elements?.first?["fields"]?.elements?.first
        #expect(field?["field"]?.text == "content")
        #expect(field?["offset"]?.integer != nil)
        #expect(field?["diff"]?.elements?.count == 2)
        #expect(first["suspects"]?.elements?.compactMap { $0["suspect"]?.text } == ["random"])
        let copied = objects.filter {
            $0["name"]?.text?.contains("cat /uuid") == true && $0["subject"]?.text == "diffID"
        }
        #expect(copied.map { $0["identical"] } == [true], "judged on what it read then")
        #expect(objects.contains { $0["subject"]?.text == "manifest" && $0["carried"] == true })

        let folder = try #require(summary["kept"]?.elements?.first?["folder"]?.text)
        try await workspace.shell(
            "! diff '\(folder)/then/uuid' '\(folder)/now/uuid' && diff -r -x uuid '\(folder)/then' '\(folder)/now'"
        )
        let text = try await workspace.reel("replay", id, "--keep")
        #expect(text.output.contains("suspect: random (uuid: "))
        #expect(text.output.contains("diffoscope reel-replay-"))
        #expect(text.output.contains("reproducible: no, replay "))
        let audit = try await workspace.reel("audit")
        #expect(audit.code == 0, "\(audit.output)\(audit.errors)")
    }

    @Test("What a replay gave is no cache: the build after it reuses the recorded layers", .timeLimit(.minutes(1)))
    func noCache() async throws {
        let workspace = try Workspace()
        _ = try await built(workspace, Self.diverging, "-t", "d:1", "--iidfile", "one")
        #expect(try await workspace.reel("replay", "latest").code == 8)
        _ = try await built(workspace, Self.diverging, "-t", "d:1", "--iidfile", "two", import: false)
        try await workspace.shell("cmp one two")
        // The evidence is kept until the cache is pruned.
        #expect(try await workspace.reel("prune", "--cache", "--dry-run", "--json").output.contains("sha256:"))
    }

    @Test("Single steps are executed on inputs from the record alone", .timeLimit(.minutes(2)))
    func selection() async throws {
        let workspace = try Workspace()
        let id = try await built(workspace, Self.diverging)
        func started(_ options: String...) async throws -> (code: Int32, steps: Int) {
            let before = try await workspace.count("step.started")
            let code = try await workspace.run(Workspace.reel, ["replay", id, "-q"] + options).code
            return (code, try await workspace.count("step.started") - before)
        }
        var ran = try await started("--steps", "*echo same*")
        #expect(ran == (0, 1))
        ran = try await started("--steps", "*uuid*")
        #expect(ran == (8, 3))
        ran = try await started("--from", "echo same")
        #expect(ran.code == 8 && ran.steps <= 3, "\(ran)")
        #expect(try await started("--from", "RUN").code == 2, "which one?")
        #expect(try await started("--steps", "*no such step*").code == 2)
        #expect(try await started("--steps", "1", "--from", "1").code == 2)
    }

    @Test("Without a network, what needed one is told with 11, and the rest is compared", .timeLimit(.minutes(2)))
    func network() async throws {
        let workspace = try Workspace()
        try await workspace.write("served\n", to: "www/file")
        let port = try await workspace.shell(
            """
            python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1], end="")'
            """
        )
        let server = """
            cd www; python3 -m http.server --bind 127.0.0.1 \(port) >/dev/null 2>&1 & server=$!
            trap 'kill $server' EXIT
            for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/\(port)) 2>/dev/null && break; sleep 0.05; done
            cd ..
            """
        try await workspace.importBusybox()
        let dockerfile = """
            FROM busybox:static
            RUN echo offline >/a
            RUN wget -qO /file http://127.0.0.1:\(port)/file
            RUN echo after >/b

            """
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        try await workspace.shell("\(server)\n'\(Workspace.reel)' build -q ctx\n'\(Workspace.reel)' replay -q latest")
        let id = try #require(try await workspace.reel("history", "ls", "--json").json.last?["id"]?.text)
        let standing = try await workspace.reel("history", "inspect", id, "--json").json.first?["standing"]
        #expect(standing?["reproducible"]?["holds"] == true)
        #expect(standing?["hermetic"]?["holds"] == false)

        let offline = try await workspace.reel("replay", id, "--network=none", "--json")
        #expect(offline.code == 11, "\(offline.output)\(offline.errors)")
        let differing = try offline.json.filter { $0["identical"] == false && $0["subject"]?.text != "summary" }
        #expect(differing.map { $0["subject"]?.text } == ["outcome"])
        #expect(try offline.json.last?["needsNetwork"]?.elements?.count == 1)
        #expect(try await workspace.reel("replay", id, "-q", "--network=none", "--steps", "*echo*").code == 0)
    }

    @Test("Hermetic and reproducible are shown by executions alone", .timeLimit(.minutes(2)))
    func standing() async throws {
        let workspace = try Workspace()
        let id = try await built(workspace, "FROM busybox:static\nRUN echo x >/x\n")
        func standing() async throws -> (reproducible: JSONValue?, hermetic: JSONValue?) {
            let found = try await workspace.reel("history", "inspect", id, "--json").json.first?["standing"]
            return (found?["reproducible"]?["holds"], found?["hermetic"]?["holds"])
        }
        #expect(try await standing() == (.null, false), "not replayed, and its step had a network")
        #expect(try await workspace.reel("replay", id, "--steps", "1").code == 0)
        #expect(try await standing().reproducible == .null, "only a part was replayed")
        #expect(try await workspace.reel("replay", id, "--network=none").code == 0)
        #expect(try await standing() == (true, true), "the replay had no network and gave the same")
        let other = try await built(workspace, "FROM busybox:static\nRUN echo y >/y\n", "--network=none", import: false)
        let text = try await workspace.reel("history", "inspect", other).output
        #expect(text.contains("hermetic: yes, no step had a network (1 of 1)"))
        #expect(text.contains("reproducible: not known, it was not replayed"))
    }

    @Test("Material that is gone ends with 9, damaged material with 12", .timeLimit(.minutes(2)))
    func material() async throws {
        let workspace = try Workspace()
        try await workspace.write("content\n", to: "ctx/f")
        let id = try await built(workspace, "FROM busybox:static\nCOPY f /sub/f\nRUN cat /sub/f >/g\n")
        let inspected = try await workspace.reel("history", "inspect", id, "--json").json.first
        let context = try #require(
            inspected?["sources"]?.elements?.first { $0["type"]?.text == "local" }?["layers"]?.elements?.first?.text
        )
        let blob = "root/blobs/sha256/\(context.dropFirst("sha256:".count))"
        try await workspace.shell(
            "cp '\(blob)' kept; cp '\(blob)' bad; printf X | dd of=bad bs=1 seek=600 conv=notrunc 2>/dev/null; cp -f bad '\(blob)'"
        )
        let damaged = try await workspace.reel("replay", id)
        #expect(damaged.code == 12, "\(damaged.errors)")
        #expect(damaged.errors.contains(context))
        try await workspace.shell("rm -f '\(blob)'")
        let missing = try await workspace.reel("replay", id)
        #expect(missing.code == 9, "\(missing.errors)")
        #expect(missing.errors.contains(context))
        #expect(try await workspace.reel("replay", id, "-q", "--steps", "*RUN*").code == 0, "the step does not need it")
        try await workspace.shell("cp kept '\(blob)'")
        #expect(try await workspace.reel("replay", id).code == 0)
    }

    @Test("A secret that is required ends with 10 until it is given", .timeLimit(.minutes(1)))
    func secret() async throws {
        let workspace = try Workspace()
        try await workspace.write("hush", to: "secret")
        let dockerfile = """
            FROM busybox:static
            RUN echo public >/p
            RUN --mount=type=secret,id=key,required=true wc -c </run/secrets/key >/length

            """
        let id = try await built(workspace, dockerfile, "--secret", "id=key,src=secret")
        let refused = try await workspace.reel("replay", id)
        #expect(refused.code == 10, "\(refused.errors)")
        #expect(refused.errors.contains("'key'"))
        #expect(try await workspace.reel("replay", id, "--secret", "id=key,src=secret").code == 0)
        #expect(try await workspace.reel("replay", id, "--steps", "*public*").code == 0, "that step needs none")
    }

    @Test(
        "Each variation breaks the step that depends on it, and no other",
        .enabled(if: isRoot, "the number of cores is varied by a control group"),
        .timeLimit(.minutes(5))
    )
    func vary() async throws {
        let workspace = try Workspace()
        let dockerfile = """
            FROM busybox:static
            RUN echo $TZ >/1; chmod 600 /1
            RUN echo $LC_ALL >/2; chmod 600 /2
            RUN umask >/3; chmod 600 /3
            RUN hostname >/4; chmod 600 /4
            RUN nproc >/5; chmod 600 /5
            RUN echo $HOME >/6; chmod 600 /6
            RUN echo $REEL_VARIED >/7; chmod 600 /7
            RUN mkdir -m 700 /8; for n in $(seq 40); do echo >/8/$n; done; chmod 600 /8/*
            RUN find /8 >/9; chmod 600 /9
            RUN echo x >/x; chmod 600 /x

            """
        let id = try await built(workspace, dockerfile)
        let varied = try await workspace.reel("replay", id, "--vary", "--json")
        #expect(varied.code == 8, "\(varied.output)\(varied.errors)")
        var breaks: [String: [Substring]] = [:]
        for object in try varied.json where object["subject"]?.text == "variation" {
            let name = try #require(object["id"]?.text)
            breaks[name] = object["breaks"]?.elements?.compactMap { $0.text?.split(separator: "] ").last?.prefix(14) }
        }
        let single: [String: String] = [
            "timezone": "RUN echo $TZ >", "locale": "RUN echo $LC_A", "umask": "RUN umask >/3;",
            "hostname": "RUN hostname >",
            "home": "RUN echo $HOME", "environment": "RUN echo $REEL", "fileorder": "RUN find /8 >/",
        ]
        for (variation, step) in single { #expect(breaks[variation] == [Substring(step)], "\(variation)") }
        if try await workspace.shell("nproc") != "1\n" { #expect(breaks["cores"] == ["RUN nproc >/5;"]) }
        #expect(breaks["together"] == [])
        let one = try await workspace.reel("replay", id, "--vary", "--variations", "home", "--steps", "*echo x*")
        #expect(one.code == 0, "\(one.output)\(one.errors)")
        #expect(one.output.contains("varied without effect: home"))
    }

    @Test("A replay needs neither the directory nor the first data root", .timeLimit(.minutes(1)))
    func elsewhere() async throws {
        let workspace = try Workspace()
        try await workspace.write("content\n", to: "ctx/f")
        let id = try await built(workspace, "FROM busybox:static\nCOPY f /f\nRUN cat /f >/g\n", "-t", "x:1")
        try await workspace.shell("mv root elsewhere && rm -rf ctx")
        let replay = try await workspace.reel("replay", id, "--root", "elsewhere")
        #expect(replay.code == 0, "\(replay.output)\(replay.errors)")
    }
}
