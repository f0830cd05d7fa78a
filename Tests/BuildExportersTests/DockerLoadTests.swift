// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import OCIModel
import Testing

@Suite(
    "docker load",
    .enabled(if: Program.exists("dockerd") && geteuid() == 0, "dockerd is not installed, or this user may not start it")
)
struct DockerLoadTests {
    /// Starts a docker daemon that shares nothing with the machine's own, and gives the client's arguments to `body`.
    private func withDocker(_ folder: TestFolder, _ body: @escaping @Sendable ([String]) async throws -> Void)
        async throws
    {
        let socket = "unix://\(folder.text("docker.sock"))"
        try AtomicText.write("{}", to: folder("daemon.json"))
        let daemon = [
            "dockerd", "--config-file", folder.text("daemon.json"), "--data-root", folder.text("docker"),
            "--exec-root", folder.text("exec"), "--pidfile", folder.text("docker.pid"), "--host", socket,
            "--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs",
        ]
        try await Daemon.run(daemon) {
            let docker = ["docker", "--host", socket]
            try await Daemon.wait { try await Program.run(docker + ["version"]).succeeded }
            try await body(docker)
        }
    }

    @Test("takes what the docker exporter writes, and has the same files then", .timeLimit(.minutes(1)))
    func load() async throws {
        let store = try SampleStore()
        let folder = store.folder
        try await withDocker(folder) { docker in
            let snapshot = try store.everyKind()
            for (number, compression) in ["gzip", "uncompressed"].enumerated() {
                let name = "hello:\(number)"
                let image = store.image(snapshot, command: [name])
                let result = try await store.export(
                    [image],
                    "type=docker,dest=\(number).tar,name=\(name),compression=\(compression)"
                )
                let loaded = try await Program.run(docker + ["load", "--input", folder.text("\(number).tar")])
                #expect(loaded.output == "Loaded image: \(name)\n", "\(loaded.error)")
                let id = try await Program.run(docker + ["image", "inspect", "--format", "{{.Id}}", name]).output
                #expect(id == "\(try #require(result.images.first).config)\n")
            }
            let container = try await Program.run(docker + ["create", "--network", "none", "hello:0", "x"])
            #expect(container.succeeded, "\(container.error)")
            let id = container.output.split(separator: "\n").first.map(String.init) ?? ""
            let exported = try await Program.run(docker + ["export", "--output", folder.text("out.tar"), id])
            #expect(exported.succeeded, "\(exported.error)")
            try await Program.require("mkdir", folder.text("out"))
            try await Program.require(
                "tar",
                "--xattrs",
                "--xattrs-include=*",
                "-xpf",
                folder.text("out.tar"),
                "-C",
                folder.text("out")
            )
            // Docker itself adds these, changes times of directories, and leaves out user attributes.
            try await Program.require(
                "rm",
                "-rf",
                folder.text("out/.dockerenv"),
                folder.text("out/dev"),
                folder.text("out/etc"),
                folder.text("out/proc"),
                folder.text("out/sys")
            )
            try await store.export([store.image(snapshot)], "type=tar,dest=ours.tar")
            try await Program.require("mkdir", folder.text("ours"))
            try await Program.require(
                "tar",
                "--xattrs",
                "--xattrs-include=*",
                "-xpf",
                folder.text("ours.tar"),
                "-C",
                folder.text("ours")
            )
            try await FileTrees.requireEqual(folder("out"), folder("ours"), times: false, attributes: false)
        }
    }
}
