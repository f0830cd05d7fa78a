// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Layers
import OCIModel
import Testing

@Suite("rewrite-timestamp")
struct RewriteTimestampTests {
    private let late = Timestamp(nanoseconds: 1_700_000_000_123_456_789)
    private let early = Timestamp(seconds: 1_400_000_000)

    private func snapshot(_ store: SampleStore) throws -> Snapshot {
        let layers = try ["base", "own"].map { name in
            try store.layer(timestamps: .keep) { layer in
                let folder = SampleStore.attributes(.directory, 0o755, time: late)
                try layer.directory("d".bytes, folder)
                try layer.whiteout("d/removed".bytes)
                try layer.file(
                    "d/\(name)-late".bytes,
                    SampleStore.attributes(.regular, 0o644, time: late),
                    size: 1,
                    content: .bytes("x".bytes)
                )
                try layer.hardLink("d/\(name)-twin".bytes, to: "d/\(name)-late".bytes)
                try layer.directory("e".bytes, folder)
                try layer.opaque("e".bytes)
                try layer.file(
                    "\(name)-early".bytes.prependedIfNeeded,
                    SampleStore.attributes(.regular, 0o644, time: early),
                    size: 0,
                    content: .bytes([])
                )
            }
        }
        return Snapshot(layers: layers)
    }

    @Test("replaces later times in the layers that the build made, and in nothing else")
    func rewrites() async throws {
        let store = try SampleStore()
        let built = try snapshot(store)
        var image = store.image(built)
        image.baseLayers = 1
        image.config.created = late.rfc3339
        image.config.history = image.config.history.map { entry in
            var entry = entry
            entry.created = late.rfc3339
            return entry
        }
        let result = try await store.export(
            [image],
            "type=oci,dest=l,tar=false,name=a:1,rewrite-timestamp=true,compression=uncompressed"
        )
        let written = try #require(result.images.first?.diffIDs)
        #expect(written.first == built.layers.first)
        #expect(written.last != built.layers.last)
        let listing = try await Program.require(
            "tar",
            "--full-time",
            "-tvf",
            store.folder.text("l/blobs/sha256/\(written[1].hex)"),
            environment: ["TZ": "UTC"]
        )
        #expect(!listing.contains("2023-"))
        #expect(listing.contains("2017-07-14 02:40:00") && listing.contains("2014-05-13"))
        #expect(listing.contains("d/.wh.removed") && listing.contains("e/.wh..wh..opq"))
        #expect(listing.contains("link to d/own-late"))
        let config = try JSONValue(
            parsing: try await Program.require(
                "skopeo",
                "inspect",
                "--config",
                "oci:\(store.folder.text("l")):1"
            )
        )
        #expect(config["created"]?.text == SampleStore.epoch.rfc3339)
        #expect(
            config["history"]?.elements?.compactMap { $0["created"]?.text }
                == [late.rfc3339, SampleStore.epoch.rfc3339]
        )
    }

    @Test("changes nothing where there is nothing to change")
    func leavesAlone() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        let plain = try await store.export([image], "type=oci,dest=a.tar")
        let rewritten = try await store.export([image], "type=oci,dest=b.tar,rewrite-timestamp=true")
        #expect(plain.descriptor == rewritten.descriptor)
    }
}

extension [UInt8] {
    /// The name with a letter before it that sorts behind `e`.
    fileprivate var prependedIfNeeded: [UInt8] { [UInt8(ascii: "f")] + self }
}
