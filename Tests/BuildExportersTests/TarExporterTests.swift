// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("The tar exporter")
struct TarExporterTests {
    @Test(
        "writes what GNU tar unpacks to the same files, owners included",
        .enabled(if: geteuid() == 0, "tar and umoci need root to unpack owners")
    )
    func unpack() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let result = try await store.export([store.image(snapshot)], "type=tar,dest=r.tar")
        #expect(result.bytes == Int64(try store.folder.read("r.tar").count))
        try await Program.require("mkdir", store.folder.text("gnu"))
        try await Program.require(
            "tar",
            "--xattrs",
            "--xattrs-include=*",
            "-xpf",
            store.folder.text("r.tar"),
            "-C",
            store.folder.text("gnu")
        )
        try await store.export([store.image(snapshot)], "type=oci,dest=l,tar=false,name=a:1")
        try await Program.require("umoci", "unpack", "--image", "\(store.folder.text("l")):1", store.folder.text("b"))
        try await FileTrees.requireEqual(store.folder("gnu"), store.folder("b/rootfs"))
    }

    @Test("orders entries by their bytes and gives the same bytes each time")
    func order() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        try await store.export([store.image(snapshot)], "type=tar,dest=1.tar")
        try await store.export([store.image(snapshot)], "type=tar,dest=2.tar")
        #expect(try store.folder.digest("1.tar") == store.folder.digest("2.tar"))
        let listing = try await Program.require("tar", "-tf", store.folder.text("1.tar"))
        let names = listing.split(separator: "\n").map { $0.hasSuffix("/") ? $0.dropLast() : $0 }
        #expect(names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(names.first == "dir" && !names.contains("dir/gone"))
    }

    @Test("puts platforms into folders of their own")
    func platforms() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let arm = Platform(os: "linux", architecture: "arm", variant: "v7")
        let images = [store.image(snapshot, platform: arm), store.image(snapshot)]
        try await store.export(images, "type=tar,dest=r.tar")
        let listing = try await Program.require("tar", "-tf", store.folder.text("r.tar"))
        #expect(
            Set(listing.split(separator: "\n").compactMap { $0.split(separator: "/").first }) == [
                "linux_amd64", "linux_arm_v7",
            ]
        )
        try await Program.require("tar", "-xf", store.folder.text("r.tar"), "-C", store.folder.path.string)
        try await FileTrees.requireEqual(store.folder("linux_amd64"), store.folder("linux_arm_v7"))
        await #expect(throws: ExportError.self) {
            try await store.export(images, "type=tar,dest=s.tar,platform-split=false")
        }
    }

    @Test("keeps the holes of sparse files")
    func sparse() async throws {
        let store = try SampleStore()
        let size: Int64 = 1 << 30
        let path = store.folder("sparse")
        let file = try FileDescriptor.open(path, .readWrite, options: [.create], permissions: .ownerReadWrite)
        try file.resize(to: size)
        _ = try file.writeAll(toAbsoluteOffset: 3 << 28, "middle".utf8)
        let layer = try store.layer { layer in
            try layer.file(
                "sparse".bytes,
                SampleStore.attributes(.regular, 0o644),
                size: size,
                content: .descriptor(file)
            )
        }
        try file.close()
        let image = store.image(Snapshot(layers: [layer]))
        for text in ["type=tar,dest=x", "type=oci,compression=uncompressed,dest=x", "type=local,dest=files"] {
            try await store.export([image], text)
            let name = text.contains("local") ? "files/sparse" : "x"
            let blocks = try await Program.require("stat", "-c", "%b", store.folder.text(name))
            #expect(Int(blocks.split(separator: "\n")[0]) ?? .max < 16 << 11, "\(text) takes \(blocks) blocks")
        }
        try await Program.require("cmp", path.string, store.folder.text("files/sparse"))
    }
}
