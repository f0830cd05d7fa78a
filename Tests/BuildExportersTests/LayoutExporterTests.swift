// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("OCI layouts")
struct LayoutExporterTests {
    private struct Inspection {
        let json: JSONValue
        var digest: String? { json["Digest"]?.text }
        var layers: [String] { json["Layers"]?.elements?.compactMap(\.text) ?? [] }
    }

    private func inspect(_ place: String) async throws -> Inspection {
        Inspection(json: try JSONValue(parsing: try await Program.require("skopeo", "inspect", place)))
    }

    static let forms = [
        ("uncompressed", MediaType.ociLayer), ("gzip", MediaType.ociLayerGzip), ("zstd", MediaType.ociLayerZstd),
    ]

    @Test("in a tar are what skopeo and umoci read", arguments: forms)
    func archive(compression: String, type: String) async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        let result = try await store.export([image], "type=oci,dest=o.tar,name=hello:1,compression=\(compression)")
        #expect(result.destination == store.folder.text("o.tar"))
        #expect(result.names == ["docker.io/library/hello:1"])
        let seen = try await inspect("oci-archive:\(store.folder.text("o.tar")):1")
        #expect(seen.digest == result.descriptor?.digest.description)
        let raw = try JSONValue(
            parsing: try await Program.require(
                "skopeo",
                "inspect",
                "--raw",
                "oci-archive:\(store.folder.text("o.tar")):1"
            )
        )
        #expect(raw["layers"]?.elements?.compactMap { $0["mediaType"]?.text } == [type, type])
        // Copying makes skopeo check every digest, DiffIDs included.
        try await Program.require(
            "skopeo",
            "--insecure-policy",
            "copy",
            "oci-archive:\(store.folder.text("o.tar")):1",
            "dir:\(store.folder.text("copy"))",
            "--dest-decompress"
        )
    }

    @Test(
        "as a directory are what skopeo and umoci read, and what umoci unpacks is what was built",
        .enabled(if: geteuid() == 0, "umoci needs root to unpack owners")
    )
    func directory() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let result = try await store.export([store.image(snapshot)], "type=oci,dest=layout,tar=false,name=hello:1")
        let seen = try await inspect("oci:\(store.folder.text("layout")):1")
        #expect(seen.digest == result.descriptor?.digest.description)
        try await Program.require(
            "umoci",
            "unpack",
            "--image",
            "\(store.folder.text("layout")):1",
            store.folder.text("bundle")
        )
        try await store.export([store.image(snapshot)], "type=local,dest=files")
        // Ownership differs by design: the local exporter's files belong to who runs it.
        try await FileTrees.requireEqual(store.folder("bundle/rootfs"), store.folder("files"), owners: false)
        let rootless = try await Program.run([
            "umoci", "unpack", "--rootless", "--image", "\(store.folder.text("layout")):1",
            store.folder.text("rootless"),
        ])
        #expect(rootless.succeeded, "\(rootless.error)")
    }

    @Test("in docker's form are what skopeo and podman's buildah load")
    func docker() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        let result = try await store.export([image], "type=docker,dest=d.tar,\"name=hello:1,other/name:2\"")
        let place = "docker-archive:\(store.folder.text("d.tar")):hello:1"
        let raw = try await Program.require("skopeo", "inspect", "--config", "--raw", place)
        #expect(ContentDigest(of: raw) == result.images.first?.config)
        try await Program.require(
            "skopeo",
            "--insecure-policy",
            "copy",
            "docker-archive:\(store.folder.text("d.tar")):other/name:2",
            "oci:\(store.folder.text("again")):x"
        )
        let configs = try JSONValue(
            parsing: try await Program.require(
                "tar",
                "-xOf",
                store.folder.text("d.tar"),
                "manifest.json"
            )
        )
        #expect(configs.elements?.first?["RepoTags"] == JSONValue(["hello:1", "other/name:2"]))
    }

    @Test("are read by buildah", .enabled(if: geteuid() == 0, "buildah needs root, or sub-ids"))
    func buildah() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        try await store.export([image], "type=oci,dest=o.tar,name=hello:1")
        let root = store.folder.text("containers")
        let arguments = ["--root", root, "--runroot", root + "-run", "--storage-driver", "vfs"]
        let pulled = try await Program.run(
            ["buildah"] + arguments + ["pull", "--policy", "always", "oci-archive:\(store.folder.text("o.tar")):1"]
        )
        #expect(pulled.succeeded, "\(pulled.error)")
        let id = pulled.output.split(separator: "\n").last.map(String.init) ?? ""
        let config = try await store.export([image], "type=oci,dest=p.tar").images.first?.config
        #expect(id == config?.hex)
    }

    @Test("of several platforms hold an image index")
    func platforms() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let arm = Platform(os: "linux", architecture: "arm64")
        let images = [store.image(snapshot), store.image(snapshot, platform: arm, command: ["/arm"])]
        let result = try await store.export(
            images,
            "type=oci,dest=o.tar,name=m:1,annotation-index.who=me,annotation[linux/arm64].only=arm"
        )
        #expect(result.descriptor?.mediaType == MediaType.ociIndex)
        let raw = try JSONValue(
            parsing: try await Program.require(
                "skopeo",
                "inspect",
                "--raw",
                "oci-archive:\(store.folder.text("o.tar")):1"
            )
        )
        #expect(raw["manifests"]?.elements?.compactMap { $0["platform"]?["architecture"]?.text } == ["amd64", "arm64"])
        #expect(raw["annotations"]?["who"]?.text == "me")
        for (architecture, command) in [("amd64", "/usr/bin/sudo"), ("arm64", "/arm")] {
            let config = try JSONValue(
                parsing: try await Program.require(
                    "skopeo",
                    "inspect",
                    "--override-arch",
                    architecture,
                    "--config",
                    "oci-archive:\(store.folder.text("o.tar")):1"
                )
            )
            #expect(config["config"]?["Cmd"] == JSONValue([command]))
        }
        await #expect(throws: ExportError.self) { try await store.export(images, "type=docker,dest=d.tar") }
        #expect(!store.folder.contains("d.tar"))
    }

    @Test("have the same bytes in another folder, time zone, locale and umask")
    func deterministic() async throws {
        let first = try SampleStore()
        let second = try SampleStore()
        try await first.export([first.image(first.everyKind())], "type=oci,dest=o.tar,name=a:1")
        let old = UmaskChange(0o077)
        try await second.export([second.image(second.everyKind())], "type=oci,dest=sub/dir/p.tar,name=a:1")
        old.restore()
        #expect(try first.folder.digest("o.tar") == second.folder.digest("sub/dir/p.tar"))
    }

    @Test("are the same bytes as last month's")
    func golden() async throws {
        let store = try SampleStore()
        let result = try await store.export(
            [store.image(store.everyKind(devices: true))],
            "type=oci,dest=o.tar,name=a:1,compression=uncompressed"
        )
        #expect(
            result.descriptor?.digest.description
                == "sha256:18520e82fec025896bf07b7a3cd824333477ad07af027bc13dfaa5291a130b72"
        )
    }

    @Test("go to standard output whole")
    func standardOutput() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        let file = try FileDescriptor.open(
            store.folder("out"),
            .writeOnly,
            options: [.create],
            permissions: .ownerReadWrite
        )
        try await store.export([image], "type=oci,dest=-,name=a:1", standardOutput: file)
        try file.close()
        try await store.export([image], "type=oci,dest=o.tar,name=a:1")
        #expect(try store.folder.digest("out") == store.folder.digest("o.tar"))
    }

    @Test("in a directory are added to")
    func addition() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        for name in ["a:1", "a:2", "b:1", "a:1"] {
            try await store.export(
                [store.image(snapshot, command: [name])],
                "type=oci,dest=l,tar=false,name=\(name)"
            )
        }
        let index = try JSONValue(parsing: try store.folder.read("l/index.json"))
        let names = index["manifests"]?.elements?.compactMap { $0["annotations"]?["io.containerd.image.name"]?.text }
        #expect(names == ["docker.io/library/a:2", "docker.io/library/b:1", "docker.io/library/a:1"])
        for digest in index["manifests"]?.elements?.compactMap({ $0["digest"]?.text?.dropFirst(7) }) ?? [] {
            #expect(store.folder.contains("l/blobs/sha256/\(digest)"))
        }
    }

    @Test("leave nothing behind when they fail", arguments: ["type=oci,dest=new/o.tar", "type=oci,dest=new,tar=false"])
    func failure(text: String) async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let image = store.image(snapshot)
        try store.layers.blobs.remove(try #require(snapshot.layers.last))
        await #expect(throws: BlobError.missing(try #require(snapshot.layers.last))) {
            try await store.export([image], text + ",compression=uncompressed")
        }
        #expect(!store.folder.contains("new"))
    }

    @Test("replace neither directories nor foreign files")
    func inTheWay() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        try await Program.require("mkdir", "-p", store.folder.text("d/e"), store.folder.text("full"))
        try await Program.require("touch", store.folder.text("full/file"))
        await #expect(throws: ExportError.self) { try await store.export([image], "type=oci,dest=d") }
        await #expect(throws: ExportError.self) { try await store.export([image], "type=oci,dest=full,tar=false") }
        await #expect(throws: ExportError.self) { try await store.export([image], "type=oci,dest=full/file/x") }
        #expect(try store.folder.names("full") == ["file"])
        #expect(try store.folder.names("d") == ["e"])
    }
}
