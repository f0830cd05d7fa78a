// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// The main job, as a person does it.
@Suite("The main job")
struct HelloTests {
    static let dockerfile = """
        FROM busybox:static
        WORKDIR /hello
        COPY greeting.txt .
        RUN tr a-z A-Z <greeting.txt >loud.txt && echo said
        CMD ["cat", "/hello/loud.txt"]
        """

    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        try await workspace.write("hello\n", to: "ctx/greeting.txt")
        return workspace
    }

    @Test("A build is recorded, listed, replayed and audited", .timeLimit(.minutes(2)))
    func wholeJob() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel("build", "-t", "hello:1", "--output", "type=oci,dest=hello.tar", "ctx")
        try #require(built.code == 0, "\(built.errors)")

        let history = try await workspace.reel("history", "ls", "--json").json
        let id = try #require(history.first?["id"]?.text)
        #expect(history.count == 1)
        #expect(try await workspace.reel("history", "inspect", id).output.contains(id))
        #expect(try await workspace.reel("history", "logs", id).output.contains("said"))
        #expect(try await workspace.reel("image", "ls").output.contains("hello"))

        let replay = try await workspace.reel("replay", id)
        #expect(replay.code == 0, "\(replay.errors)")
        let audit = try await workspace.reel("audit")
        #expect(audit.code == 0, "\(audit.output)\(audit.errors)")
        #expect(try await workspace.reel("log", "rebuild").code == 0)
        #expect(try await workspace.reel("history", "inspect", id).output.contains(id))
        #expect(try await workspace.reel("du").code == 0)
        #expect(try await workspace.reel("doctor").output.contains("crun"))

        try await workspace.shell("skopeo inspect oci-archive:hello.tar | jq -e '.Layers | length == 4'")
        try await workspace.shell("skopeo inspect oci:root:docker.io/library/hello:1 | jq -e '.Layers | length == 4'")
    }

    @Test("The same build again runs nothing and gives the same manifest", .timeLimit(.minutes(2)))
    func cached() async throws {
        let workspace = try await workspace()
        let first = try await workspace.reel("build", "-q", "-t", "hello:1", "ctx")
        try #require(first.code == 0, "\(first.errors)")
        let ran = try await workspace.count("step.finished")
        #expect(ran == 3)
        let second = try await workspace.reel("build", "-q", "-t", "hello:1", "ctx")
        #expect(second.output == first.output)
        #expect(try await workspace.count("step.finished") == ran)
        #expect(try await workspace.count("step.reused") == 3)
    }

    @Test("Folder, umask, time zone, locale and data root don't change the digests", .timeLimit(.minutes(2)))
    func reproducible() async throws {
        let first = try await workspace()
        let second = try await workspace()
        try await second.shell("mkdir -p deep/er && mv ctx deep/er/ && touch -d 2001-02-03 deep/er/ctx/greeting.txt")
        let one = try await first.reel(
            "build",
            "-q",
            "-t",
            "hello:1",
            "--output",
            "type=oci,dest=a.tar",
            "ctx",
            environment: ["TZ": "UTC"]
        )
        try #require(one.code == 0, "\(one.errors)")
        let two = try await second.run(
            "bash",
            ["-c", "umask 077; exec '\(Workspace.reel)' build -q -t hello:1 --output type=oci,dest=a.tar deep/er/ctx"],
            environment: ["TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8"]
        )
        try #require(two.code == 0, "\(two.errors)")
        #expect(one.output == two.output)
        let sums = ["sha256sum a.tar | cut -c1-64"]
        #expect(try await first.shell(sums[0]) == second.shell(sums[0]))
    }

    @Test("A step that reran and gave the same bytes invalidates nothing that reads them", .timeLimit(.minutes(2)))
    func earlyCutoff() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile = """
            FROM busybox:static AS made
            ARG NOTE
            RUN echo $NOTE >/note; echo constant >/result

            FROM busybox:static
            COPY --from=made /result /result
            RUN cat /result >/copy
            """
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        for note in ["one", "two"] {
            let built = try await workspace.reel("build", "-q", "--build-arg", "NOTE=\(note)", "ctx")
            try #require(built.code == 0, "\(built.errors)")
        }
        let events = try await workspace.events()
        let second = try #require(events.last { $0["kind"]?.text == "build.started" }?["build"]?.text)
        func count(_ kind: String) -> Int {
            events.count { $0["build"]?.text == second && $0["kind"]?.text == kind }
        }
        #expect(count("step.finished") == 1, "the RUN of the first stage alone")
        #expect(count("step.reused") == 2, "the COPY and the RUN after it")
    }
}

/// What once went wrong.
@Suite("Mended")
struct MendedTests {
    @Test("Steps that change nothing give equal layers, and a step still runs on top of them", .timeLimit(.minutes(1)))
    func equalLayers() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(
            "FROM busybox:static\nRUN true\nRUN true || false\nRUN echo x >/x\n",
            to: "c/Dockerfile"
        )
        let built = try await workspace.reel("build", "-q", "c")
        #expect(built.code == 0, "\(built.errors)")
    }

    @Test("A build that diverges is told so, and the audit stays sound after its replay", .timeLimit(.minutes(1)))
    func divergence() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile =
            "FROM busybox:static\nRUN cat /proc/sys/kernel/random/uuid | tee /x\nRUN cat /x >/y; echo $(cat /x)\n"
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        let built = try await workspace.reel("build", "-q", "-t", "d:1", "c")
        #expect(built.code == 0, "\(built.errors)")
        let replay = try await workspace.reel("replay", "latest")
        #expect(replay.code == 8, "\(replay.output)\(replay.errors)")
        let audit = try await workspace.reel("audit")
        #expect(audit.code == 0, "\(audit.output)\(audit.errors)")
    }
}
