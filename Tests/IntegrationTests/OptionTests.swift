// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Options of a build that reach into the steps.
@Suite("Options of a build")
struct OptionTests {
    @Test("Limits, hosts and the size of /dev/shm are a step's", .timeLimit(.minutes(1)))
    func limits() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile = """
            FROM busybox:static
            RUN ulimit -n >/n; grep -w there /etc/hosts >/h; hostname >/name; df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2 >/s
            """
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        let built = try await workspace.reel(
            "build",
            "-q",
            "--ulimit",
            "nofile=77:99",
            "--add-host",
            "there:10.1.2.3",
            "--shm-size",
            "8m",
            "-o",
            "out",
            "c"
        )
        try #require(built.code == 0, "\(built.errors)")
        #expect(try await workspace.shell("cat out/n out/s out/name") == "77\n8192\nbuildkitsandbox\n")
        #expect(try await workspace.shell("cat out/h").contains("10.1.2.3"))
        #expect(
            try await workspace.shell("ls out/etc").split(separator: "\n").allSatisfy {
                !["hosts", "resolv.conf"].contains($0)
            }
        )
        let replay = try await workspace.reel("replay", "latest")
        #expect(replay.code == 0, "\(replay.output)\(replay.errors)")
    }

    @Test("--no-cache-filter runs the named stage again and nothing else", .timeLimit(.minutes(1)))
    func cacheFilter() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile = """
            FROM busybox:static AS one
            RUN echo 1 >/one
            FROM busybox:static AS two
            RUN echo 2 >/two
            FROM busybox:static
            COPY --from=one /one /
            COPY --from=two /two /
            """
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        try #require(try await workspace.reel("build", "-q", "c").code == 0)
        let before = try await workspace.count("step.finished")
        let again = try await workspace.reel("build", "-q", "--no-cache-filter", "two", "c")
        #expect(again.code == 0, "\(again.errors)")
        #expect(try await workspace.count("step.finished") == before + 1)
        let whole = try await workspace.reel("build", "-q", "--no-cache", "c")
        #expect(whole.code == 0, "\(whole.errors)")
        #expect(try await workspace.count("step.finished") == before + 1 + before)
    }

    @Test("With one at a time, independent stages do not overlap", .timeLimit(.minutes(1)))
    func parallelism() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let stages = (0..<4).map { "FROM busybox:static AS s\($0)\nRUN sleep 0.3; echo \($0) >/f\($0)\n" }.joined()
        let copies = (0..<4).map { "COPY --from=s\($0) /f\($0) /\n" }.joined()
        try await workspace.write(stages + "FROM scratch\n" + copies, to: "c/Dockerfile")
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try await workspace.reel("build", "-q", "--max-parallelism", "1", "c").code == 0)
        let single = clock.now - start
        #expect(try await workspace.reel("build", "-q", "--no-cache", "c").code == 0)
        let many = clock.now - start - single
        #expect(single > .milliseconds(1200))
        #expect(many < single)
    }
}
