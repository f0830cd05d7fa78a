// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import Layers
import OCIModel
import SystemPackage
import Testing

/// A place with documents and layers in memory, which may give other bytes than it promises.
private struct FakeOrigin: ImageOrigin {
    var subject: String { "place/image:1" }
    var contents: [ContentDigest: [UInt8]] = [:]
    /// Where a transfer breaks off.
    var breaksAfter: Int?

    struct Broken: Error {}

    mutating func add(_ bytes: [UInt8], type: String, platform: Platform? = nil) -> Descriptor {
        let digest = ContentDigest(of: bytes)
        contents[digest] = bytes
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count), platform: platform)
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] { try #require(contents[descriptor.digest]) }

    func copy(
        _ descriptor: Descriptor,
        keeping partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Int64 {
        let bytes = try #require(contents[descriptor.digest])
        for start in stride(from: 0, to: bytes.count, by: 1 << 16) {
            if let breaksAfter, start >= breaksAfter { throw Broken() }
            let piece = Array(bytes[start..<min(bytes.count, start + 1 << 16)])
            try await Offload.run { try sink(piece) }
        }
        return 0
    }
}

@Suite("Images elsewhere")
struct RemoteImageTests {
    private static let amd = Platform(os: "linux", architecture: "amd64")

    private func config(_ diffIDs: [ContentDigest]) -> [UInt8] {
        var config = ImageConfig(platform: Self.amd)
        config.diffIDs = diffIDs
        return config.json.canonicalBytes
    }

    /// A chain of indexes of that depth around an image with one layer of zeros, and its root.
    private func image(depth: Int, layerType: String = MediaType.ociLayer) -> (FakeOrigin, Descriptor, ContentDigest) {
        var origin = FakeOrigin()
        let tar = [UInt8](repeating: 0, count: 1024)
        let layer = origin.add(tar, type: layerType)
        let config = origin.add(config([layer.digest]), type: MediaType.ociConfig)
        let manifest = ImageManifest(config: config, layers: [layer])
        var root = origin.add(manifest.json.canonicalBytes, type: MediaType.ociManifest, platform: Self.amd)
        for _ in 0..<depth {
            let index = ImageIndex(manifests: [root])
            root = origin.add(index.json.canonicalBytes, type: MediaType.ociIndex, platform: Self.amd)
        }
        return (origin, root, layer.digest)
    }

    @Test("are known by their documents, which the store keeps and asks for no second time")
    func documents() async throws {
        let folder = try ImageTestFolder()
        let (origin, root, layer) = image(depth: 2)
        let found = try await RemoteImage(root, for: Self.amd, from: origin, into: folder.layers.blobs)
        #expect(found.pin == root.digest)
        #expect(found.snapshot == Snapshot(layers: [layer]))
        #expect(found.documents.count == 4)
        #expect(!folder.layers.contains(layer), "a layer is brought when something reads it")
        let again = try await RemoteImage(root, for: Self.amd, from: FakeOrigin(), into: folder.layers.blobs)
        #expect(again.documents == found.documents)
    }

    @Test("are refused with one sentence where they are not images for the platform, or may not be copied")
    func refused() async throws {
        func problem(_ origin: FakeOrigin, _ root: Descriptor, _ platform: Platform = Self.amd) async throws -> String {
            let folder = try ImageTestFolder()
            let error = try await #require(throws: ImageImportError.self) {
                try await RemoteImage(root, for: platform, from: origin, into: folder.layers.blobs)
            }
            #expect(error.description.hasPrefix(origin.subject))
            return error.description
        }
        let (deep, deepRoot, _) = image(depth: 5)
        #expect(try await problem(deep, deepRoot).contains("nested"))
        let (plain, root, _) = image(depth: 1)
        #expect(try await problem(plain, root, Platform(os: "linux", architecture: "arm64")).contains("linux/arm64"))
        let (foreign, foreignRoot, _) = image(
            depth: 0,
            layerType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        )
        #expect(try await problem(foreign, foreignRoot).contains("foreign"))
        for (text, word) in [
            (#"{"schemaVersion":1,"mediaType":"application/vnd.docker.distribution.manifest.v1+json"}"#, "2016"),
            (#"{"schemaVersion":2,"mediaType":"application/x"}"#, "does not know"), ("{", "JSON"),
            (#"{"schemaVersion":2,"config":7,"layers":[]}"#, "valid image"),
        ] {
            var origin = FakeOrigin()
            let root = origin.add(Array(text.utf8), type: MediaType.ociManifest)
            #expect(try await problem(origin, root).contains(word), "\(text)")
        }
    }

    @Test("bring layers; those that are bombs, are cut short, or are something else leave nothing behind")
    func layers() async throws {
        let folder = try ImageTestFolder()
        try await folder.shell(
            """
            mkdir t; echo hello >t/a; tar -C t -cf good.tar a; gzip -k good.tar
            head -c 40000000 /dev/zero >t/zeros; tar -C t -cf bomb.tar zeros; gzip -k bomb.tar
            """
        )
        func bytes(_ name: String) throws -> [UInt8] {
            let file = try FileDescriptor.open(folder(name), .readOnly)
            return try file.closeAfter {
                var all = [UInt8](repeating: 0, count: 64 << 20)
                let count = try unsafe all.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
                return Array(all.prefix(count))
            }
        }
        let limits = ImportLimits(maximumBytes: 64 << 20, maximumRatio: 200, ratioAppliesAfter: 1 << 20)
        let transfer = RemoteLayerImport(layers: folder.layers, folder: folder("arriving"), limits: limits)
        func bring(_ name: String, as tar: String, breaksAfter: Int? = nil) async throws {
            var origin = FakeOrigin(breaksAfter: breaksAfter)
            let blob = origin.add(try bytes(name), type: MediaType.ociLayerGzip)
            let layer = RemoteImage.Layer(diffID: ContentDigest(of: try bytes(tar)), blob: blob)
            _ = try await transfer.bring(layer, from: origin)
        }
        for (name, tar, word) in [
            ("bomb.tar.gz", "bomb.tar", "decompression bomb"), ("good.tar.gz", "bomb.tar", "sha256"),
        ] {
            let error = try await #require(throws: ImageImportError.self) { try await bring(name, as: tar) }
            #expect(error.description.contains(word) && error.description.contains("layer sha256:"), "\(error)")
        }
        await #expect(throws: FakeOrigin.Broken.self) { try await bring("good.tar", as: "good.tar", breaksAfter: 0) }
        #expect(try folder.blobCount == 0)
        try await bring("good.tar.gz", as: "good.tar")
        #expect(try folder.read("a", in: [ContentDigest(of: try bytes("good.tar"))]) == "hello\n")
    }
}
