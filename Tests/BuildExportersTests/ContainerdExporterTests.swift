// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import OCIModel
import Subprocess
import SystemPackage
import Testing

@Suite(
    "The containerd exporter",
    .enabled(
        if: Program.exists("containerd") && geteuid() == 0,
        "containerd is not installed, or this user may not start it"
    )
)
struct ContainerdExporterTests {
    private func configuration(_ folder: TestFolder) -> String {
        """
        version = 2
        root = "\(folder.text("containerd"))"
        state = "\(folder.text("state"))"
        disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
          "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
        [grpc]
        address = "\(folder.text("c.sock"))"
        [ttrpc]
        address = "\(folder.text("c.ttrpc"))"
        """
    }

    @Test("puts an image into a real containerd, as in the report of July 2017", .timeLimit(.minutes(1)))
    func importsImage() async throws {
        let store = try SampleStore()
        let folder = store.folder
        try AtomicText.write(configuration(folder), to: folder("config.toml"))
        try await Daemon.run(["containerd", "--config", folder.text("config.toml")]) {
            try await Daemon.wait {
                try await Program.run(["ctr", "--address", folder.text("c.sock"), "version"]).succeeded
            }
            var specification = ExportSpecification(type: "containerd")
            try specification.add("name=docker.io/moby/buildkit:dev")
            try specification.add("address=\(folder.text("c.sock"))")
            let options = try ExportOptions(specification)
            let image = store.image(try store.everyKind())
            let request = ExportRequest(images: [image], options: options, epoch: SampleStore.epoch)
            let result = try await options.exporter(in: store.environment()).export(request)
            let ctr = ["ctr", "--address", folder.text("c.sock"), "--namespace", "buildkit"]
            let images = try await Program.run(ctr + ["images", "ls"]).output
            #expect(images.contains("docker.io/moby/buildkit:dev"))
            #expect(images.contains(try #require(result.descriptor).digest.description))
            let check = try await Program.run(ctr + ["images", "check", "name==docker.io/moby/buildkit:dev"]).output
            #expect(check.contains("complete"))
            let content = try await Program.run(ctr + ["content", "ls", "-q"]).output
            let layers = try await store.export([image], "type=oci,dest=l,tar=false,name=a")
            #expect(layers.descriptor == result.descriptor)
            // containerd keeps the archive's index.json beside them.
            let blobs = try folder.names("l/blobs/sha256").map { "sha256:\($0)" }
            #expect(blobs.count == 4)
            #expect(Set(blobs).isSubset(of: content.split(separator: "\n").map(String.init)))
        }
        #expect(try folder.names("").filter { $0.hasPrefix("containerd-") } == [])
    }

    @Test("says what is wrong when containerd is not there")
    func absent() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        let socket = store.folder.text("none.sock")
        let error = try await #require(throws: ExportError.self) {
            try await store.export([image], "type=containerd,name=a:1,address=\(socket)")
        }
        #expect(error.description.contains("none.sock"))
        #expect(!error.description.contains("\n"))
        #expect(try store.folder.names("") == ["store"])
    }
}
