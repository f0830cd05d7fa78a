// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// crun and runc, and the drivers, one as good as the other.
@Suite("Runtimes and drivers")
struct RuntimeChoiceTests {
    private static let dockerfile = """
        FROM busybox:static
        RUN echo said; echo kept >/kept; id >/who
        RUN rm /kept; mkdir /d; touch /d/f
        """

    @Test("runc builds what crun builds", .timeLimit(.minutes(2)))
    func runc() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        let expected = try await workspace.reel("build", "-q", "-t", "a:1", "ctx")
        try #require(expected.code == 0, "\(expected.errors)")
        let choice = ["REEL_RUNTIME": "runc"]
        let built = try await workspace.reel("build", "-q", "-t", "a:1", "--no-cache", "ctx", environment: choice)
        #expect(built.code == 0, "\(built.errors)")
        #expect(built.output == expected.output)
        let runtimes = try await workspace.events().filter { $0.canonicalText.contains(#""operation":"exec""#) }
            .map { $0.canonicalText.contains(#""runtime":"runc""#) ? "runc" : "crun" }
        #expect(runtimes == ["crun", "crun", "runc", "runc"])
        #expect(try await workspace.shell("ls -d /sys/fs/cgroup/*/reel-*-* 2>/dev/null | wc -l || true") == "0\n")
        let failed = try await workspace.run(
            "bash",
            ["-c", "printf 'FROM busybox:static\\nRUN exit 7\\n' | '\(Workspace.reel)' build -f - ctx"],
            environment: choice
        )
        #expect(failed.code == 1 && failed.errors.contains("exit code: 7"), "\(failed)")
        #expect(try await workspace.reel("doctor", environment: choice).output.contains("runc version"))
    }

    @Test(
        "Control groups of the second generation confine devices too, and none is left",
        .enabled(if: getuid() == 0, "needs root to mount them"),
        .timeLimit(.minutes(2))
    )
    func secondGeneration() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let commands =
            "mknod /m b 7 0 && head -c 1 /m || echo refused; mknod /z c 1 5 && head -c 1 /z | wc -c; sleep 0.5"
        try await workspace.write("FROM busybox:static\nRUN \(commands)\n", to: "ctx/Dockerfile")
        let script = """
            umount -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
            '\(Workspace.reel)' build --progress=plain ctx 2>out & pid=$!
            for i in $(seq 100); do [ ! -d /sys/fs/cgroup/reel-$pid ] || break; sleep 0.05; done
            ls -d /sys/fs/cgroup/reel-$pid | wc -l; wait $pid; ls -d /sys/fs/cgroup/reel-$pid 2>&1 | grep -c 'No such'
            grep -E '^#2 [0-9]' out | cut -d' ' -f3- | sort
            """
        let output = try await workspace.run(
            "unshare",
            ["--mount", "--propagation", "private", "bash", "-euc", script],
            environment: ["REEL_ROOT": workspace.root]
        )
        #expect(output.output == "1\n1\n1\nhead: /m: Operation not permitted\nrefused\n", "\(output)")
    }

    @Test("A choice that can't be had is refused", arguments: [("REEL_RUNTIME", "podman"), ("REEL_DRIVER", "btrfs")])
    func unknown(_ name: String, _ value: String) async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        let built = try await workspace.reel("build", "ctx", environment: [name: value])
        #expect(built.code != 0)
        #expect(built.errors.contains("'\(value)'"), "\(built.errors)")
    }
}
