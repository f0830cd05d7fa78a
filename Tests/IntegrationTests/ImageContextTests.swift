// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// Bases that are in no registry.
@Suite("Images as named contexts")
struct ImageContextTests {
    private static let dockerfile = "FROM base\nRUN echo x >/x\n"

    private func workspace() async throws -> (Workspace, String) {
        let workspace = try Workspace()
        try await workspace.write(Self.dockerfile, to: "ctx/Dockerfile")
        let tar = try await Workspace.busyboxTar()
        try await workspace.shell(
            """
            REEL_ROOT=$PWD/other '\(Workspace.reel)' image import base:1 '\(tar)'
            skopeo --insecure-policy copy -q oci:other:docker.io/library/base:1 oci:layout:1
            """
        )
        return (workspace, tar)
    }

    /// Builds on `context`, and requires that the steps' layers are those of a build on the tar itself.
    private func check(_ workspace: Workspace, _ context: String, environment: [String: String] = [:]) async throws {
        let arguments = ["build", "-q", "--build-context", "base=\(context)", "ctx"]
        let built = try await workspace.run(Workspace.reel, arguments, environment: environment)
        try #require(built.code == 0, "\(context): \(built.errors)")
        let plain = try await workspace.run(
            Workspace.reel,
            ["build", "-q", "--build-context", "base=docker-image://base:1", "ctx"],
            environment: ["REEL_ROOT": workspace.folder + "/other"]
        )
        #expect(plain.output == built.output, "\(context)")
        let replay = try await workspace.reel("replay", "latest")
        #expect(replay.code == 0, "\(context): \(replay.errors)")
    }

    @Test("OCI layouts and archives of docker save are bases", .timeLimit(.minutes(1)))
    func files() async throws {
        let (workspace, _) = try await workspace()
        try await workspace.shell(
            """
            tar -C layout -cf layout.tar .
            skopeo --insecure-policy copy -q oci:layout:1 docker-archive:docker.tar:base:1
            gzip -k docker.tar
            digest=$(jq -r '.manifests[0].digest' layout/index.json); echo $digest >digest
            """
        )
        let digest = try await workspace.shell("cat digest").filter { !$0.isNewline }
        for context in [
            "oci-layout://layout", "oci-layout://layout:1", "oci-layout://layout@\(digest)", "oci-layout://layout.tar",
            "docker-archive://docker.tar", "docker-archive://docker.tar.gz",
        ] {
            try await check(workspace, context)
        }
        let absent = try await workspace.reel("build", "--build-context", "base=oci-layout://layout:2", "ctx")
        #expect(absent.code == 2)
        #expect(absent.errors.contains("no image '2'"), "\(absent.errors)")
    }

    @Test(
        "Images of containerd are bases, layer by layer from its content store",
        .enabled(if: geteuid() == 0, "only root may start containerd"),
        .timeLimit(.minutes(1))
    )
    func containerd() async throws {
        let (workspace, _) = try await workspace()
        let folder = workspace.folder
        try await workspace.write(
            """
            version = 2
            root = "\(folder)/containerd"
            state = "\(folder)/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
            [grpc]
            address = "\(folder)/c.sock"
            [ttrpc]
            address = "\(folder)/c.ttrpc"
            """,
            to: "config.toml"
        )
        let environment = ["CONTAINERD_ADDRESS": folder + "/c.sock", "CONTAINERD_NAMESPACE": "reel-test"]
        try await Daemon.run(["containerd", "--config", folder + "/config.toml"]) {
            try await Daemon.wait { try await workspace.run("ctr", ["version"], environment: environment).code == 0 }
            try await workspace.shell(
                """
                skopeo --insecure-policy copy -q oci:layout:1 oci-archive:import.tar:docker.io/library/kept:1
                ctr images import --no-unpack import.tar
                """,
                environment: environment
            )
            let listed = try await workspace.run("ctr", ["images", "ls", "-q"], environment: environment).output
            let name = try #require(listed.split(separator: "\n").first.map(String.init))
            try await check(workspace, "containerd://\(name)", environment: environment)
            #expect(try await workspace.count("layer.fetched") == 1)
            let absent = try await workspace.run(
                Workspace.reel,
                ["build", "--build-context", "base=containerd://absent:1", "ctx"],
                environment: environment
            )
            #expect(absent.code == 2)
            #expect(absent.errors.contains("absent:1") && absent.errors.contains(name), "\(absent.errors)")
        }
    }
}
