// SPDX-License-Identifier: Apache-2.0

import BuildModel
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
