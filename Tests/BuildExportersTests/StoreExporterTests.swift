// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Images in reel's own store")
struct StoreExporterTests {
    @Test("make the data root an OCI layout that skopeo, umoci and containerd read as it is")
    func layout() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let first = try await store.export([store.image(snapshot)], "type=image,name=hello:1")
        let second = try await store.export([store.image(snapshot, command: ["other"])], "type=image,name=me/app:2")
        let images = try [(first, "hello:1"), (second, "me/app:2")].map { result, name in
            LayoutIndex.Image(
                name: try ImageReference(parsing: name),
                descriptor: try #require(result.descriptor)
            )
        }
        try LayoutIndex.write(images.reversed(), to: store.folder("store"))
        let once = try store.folder.read("store/index.json")
        try LayoutIndex.write(images, to: store.folder("store"))
        #expect(try store.folder.read("store/index.json") == once)

        let json = try JSONValue(
            parsing: try await Program.require("skopeo", "inspect", "oci:\(store.folder.text("store")):hello:1")
        )
        #expect(json["Digest"]?.text == first.descriptor?.digest.description)
        #expect(json["Layers"] == JSONValue(snapshot.layers.map(\.description)))
        try await Program.require(
            "skopeo",
            "--insecure-policy",
            "copy",
            "oci:\(store.folder.text("store")):me/app:2",
            "dir:\(store.folder.text("copy"))"
        )
        let listed = try await Program.require("umoci", "ls", "--layout", store.folder.text("store"))
        #expect(listed.contains("hello:1"))
        #expect(try store.layers.blobs.all().count == 2 + 2 * 2)
    }

    @Test("go away from index.json when they are no longer listed")
    func removal() async throws {
        let store = try SampleStore()
        try LayoutIndex.write([], to: store.folder("store"))
        let index = try JSONValue(parsing: try store.folder.read("store/index.json"))
        #expect(index["manifests"]?.elements == [])
        #expect(try store.folder.read("store/oci-layout") == #"{"imageLayoutVersion":"1.0.0"}"#.bytes)
    }

    @Test("need every layer")
    func missing() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let lost = try #require(snapshot.layers.first)
        try store.layers.blobs.remove(lost)
        await #expect(throws: BlobError.missing(lost)) {
            try await store.export([store.image(snapshot)], "type=image,name=a")
        }
    }
}
