// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Importing images")
struct ImageImporterTests {
    private func options(_ reference: String? = nil) -> ImageImportOptions {
        ImageImportOptions(platform: Platform(os: "linux", architecture: "amd64"), reference: reference)
    }

    @Test("takes an OCI layout as a directory, in a tar, and in a compressed tar, with equal results")
    func layouts() async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(
            "tar -C layout -cf o.tar . ; gzip -k o.tar; zstd -q o.tar; tar -C layout -cf p.tar blobs index.json oci-layout"
        )
        let importer = ImageImporter(layers: folder.layers)
        let first = try importer.importImage(at: folder("layout"), options: options("a"))
        #expect(first.form == .ociLayout)
        #expect(first.diffIDs.count == 2)
        #expect(first.config.container.cmd == ["/bin/a"])
        #expect(try folder.read("etc/two", in: first.diffIDs) == "two\n")
        #expect(try folder.read("etc/one", in: first.diffIDs) == nil)
        #expect(first.names == ["a"])
        let raw = try await folder.shell("skopeo inspect --raw oci:layout:a | sha256sum | cut -c1-64")
        #expect(first.sourceManifest?.digest.hex == raw.split(separator: "\n").first.map(String.init))
        for name in ["o.tar", "o.tar.gz", "o.tar.zst", "p.tar"] {
            let other = try ImageTestFolder()
            let image = try ImageImporter(layers: other.layers).importImage(at: folder(name), options: options("a"))
            #expect(image.form == .ociArchive)
            #expect(image.manifest == first.manifest)
            #expect(image.configDigest == first.configDigest)
            // Manifest, configuration and two layers; nothing of the archive itself.
            #expect(try other.blobCount == 4)
        }
    }

    @Test("stores a manifest that skopeo reads from the data root")
    func stored() async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        let image = try ImageImporter(layers: folder.layers).importImage(at: folder("layout"), options: options("b"))
        let manifest = try ImageManifest(json: JSONValue(parsing: try folder.layers.blobs.read(image.manifest.digest)))
        #expect(manifest.layers.map(\.digest) == image.diffIDs)
        #expect(manifest.annotations["who"] == "me")
        #expect(manifest.config.digest == image.configDigest)
        let config = try await folder.shell("skopeo inspect --config --raw oci:layout:b")
        #expect(ContentDigest(of: config) == image.configDigest)
        for layer in image.diffIDs { #expect(try folder.layers.blobs.verify(layer) == .intact) }
    }

    @Test("takes what skopeo and buildah save for docker", arguments: ["docker-archive", "oci-archive"])
    func archives(transport: String) async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(
            "skopeo --insecure-policy copy oci:layout:a \(transport):saved.tar\(transport == "docker-archive" ? ":me/app:1" : "")"
        )
        let image = try ImageImporter(layers: folder.layers).importImage(at: folder("saved.tar"), options: options())
        #expect(image.form == (transport == "docker-archive" ? .dockerArchive : .ociArchive))
        #expect(try folder.read("etc/two", in: image.diffIDs) == "two\n")
        #expect(image.config.container.cmd == ["/bin/a"])
        if transport == "docker-archive" { #expect(image.names == ["docker.io/me/app:1"]) }
        let byName = try? ImageImporter(layers: folder.layers)
            .importImage(at: folder("saved.tar"), options: options("docker.io/me/app:1"))
        #expect((byName != nil) == (transport == "docker-archive"))
    }

    @Test("takes layers that are links to other layers, as old dockers saved them")
    func linkedLayers() async throws {
        let folder = try ImageTestFolder()
        try await folder.shell(
            """
            mkdir -p root save/aaa save/bbb; echo x > root/x
            tar --sort=name --mtime=@0 --owner=0 --group=0 -C root -cf save/aaa/layer.tar x
            ln -s ../aaa/layer.tar save/bbb/layer.tar
            d=sha256:$(sha256sum save/aaa/layer.tar | cut -c1-64)
            printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s","%s"]}}' $d $d > save/c.json
            h=$(sha256sum save/c.json | cut -c1-64); mv save/c.json save/$h.json
            printf '[{"Config":"%s.json","RepoTags":["old:1"],"Layers":["aaa/layer.tar","bbb/layer.tar"]}]' $h > save/manifest.json
            tar -C save -cf old.tar .
            """
        )
        let image = try ImageImporter(layers: folder.layers).importImage(at: folder("old.tar"), options: options())
        #expect(image.diffIDs.count == 2 && image.diffIDs[0] == image.diffIDs[1])
        #expect(try folder.read("x", in: image.diffIDs) == "x\n")
    }

    @Test("makes an image of one layer out of a root file system", arguments: ["cat", "gzip", "zstd -q"])
    func rootfs(compressor: String) async throws {
        let folder = try ImageTestFolder()
        // A file called manifest.json does not make it an archive of images.
        try await folder.shell(
            """
            mkdir -p root/etc; echo hi > root/etc/motd; echo '{"a": [1]}' > root/manifest.json
            tar --sort=name --mtime=@0 --owner=0 --group=0 -C root -cf - . | tee plain.tar | \(compressor) > root.tar
            """
        )
        let image = try ImageImporter(layers: folder.layers).importImage(at: folder("root.tar"), options: options())
        #expect(image.form == .rootfs)
        let sum = try await folder.shell("sha256sum plain.tar | cut -c1-64")
        #expect(image.diffIDs.map(\.hex) == [sum.split(separator: "\n").first.map(String.init) ?? ""])
        #expect(image.config.created == "1980-01-01T00:00:00Z")
        #expect(image.platform == Platform(os: "linux", architecture: "amd64"))
        #expect(try folder.read("etc/motd", in: image.diffIDs) == "hi\n")
        #expect(try folder.blobCount == 3)
    }

    @Test("takes a root file system from a pipe")
    func pipe() async throws {
        let folder = try ImageTestFolder()
        try await folder.shell("mkdir root; echo hi > root/motd; tar -C root -czf root.tgz .; mkfifo pipe")
        async let feeding = folder.shell("cat root.tgz > pipe")
        let image = try await Offload.run {
            try ImageImporter(layers: folder.layers).importImage(at: folder("pipe"), options: ImageImportOptions())
        }
        _ = try await feeding
        #expect(try folder.read("motd", in: image.diffIDs) == "hi\n")
    }

    @Test("takes a root file system from a named pipe, however soon its writer is gone", .timeLimit(.minutes(1)))
    func namedPipe() async throws {
        for _ in 0..<20 {
            let folder = try ImageTestFolder()
            try await folder.shell("mkdir r; echo x >r/x; tar -C r -cf r.tar .; mkfifo f; cat r.tar >f 2>/dev/null &")
            let image = try ImageImporter(layers: folder.layers).importImage(at: folder("f"), options: options())
            #expect(try folder.read("x", in: image.diffIDs) == "x\n")
        }
    }

    @Test("chooses the platform that was asked for from an image index")
    func platform() async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        try await folder.shell(
            """
            cp -a layout multi
            for p in arm64:a amd64:b; do
              umoci tag --image multi:a t-${p%%:*}
              umoci config --image multi:t-${p%%:*} --architecture ${p%%:*} --config.cmd /${p%%:*}
            done
            python3 - <<'P'
            import json,hashlib,os
            i=json.load(open('multi/index.json'))
            ms=[]
            for m in i['manifests']:
                t=m['annotations']['org.opencontainers.image.ref.name']
                if t.startswith('t-'):
                    ms.append({k:m[k] for k in ('mediaType','digest','size')}|{'platform':{'os':'linux','architecture':t[2:]}})
            x=json.dumps({'schemaVersion':2,'mediaType':'application/vnd.oci.image.index.v1+json','manifests':ms}).encode()
            h=hashlib.sha256(x).hexdigest()
            open('multi/blobs/sha256/'+h,'wb').write(x)
            i['manifests']=[{'mediaType':'application/vnd.oci.image.index.v1+json','digest':'sha256:'+h,'size':len(x),'annotations':{'org.opencontainers.image.ref.name':'m'}}]
            open('multi/index.json','w').write(json.dumps(i))
            P
            """
        )
        let importer = ImageImporter(layers: folder.layers)
        for architecture in ["amd64", "arm64"] {
            let wanted = Platform(os: "linux", architecture: architecture)
            let image = try importer.importImage(at: folder("multi"), options: ImageImportOptions(platform: wanted))
            #expect(image.config.container.cmd == ["/\(architecture)"])
            #expect(image.platform == wanted)
        }
        let wanted = Platform(os: "linux", architecture: "riscv64")
        #expect(
            throws: ImageImportError.noPlatform(
                path: folder.text("multi"),
                wanted: wanted,
                present: ["linux/arm64", "linux/amd64"]
            )
        ) {
            try importer.importImage(at: folder("multi"), options: ImageImportOptions(platform: wanted))
        }
    }

    @Test("asks which image is meant, and says which there are")
    func choice() async throws {
        let folder = try ImageTestFolder()
        try await folder.makeLayout()
        let importer = ImageImporter(layers: folder.layers)
        #expect(throws: ImageImportError.ambiguous(path: folder.text("layout"), names: ["a", "b"])) {
            try importer.importImage(at: folder("layout"), options: options())
        }
        #expect(throws: ImageImportError.noSuchImage(path: folder.text("layout"), name: "c", names: ["a", "b"])) {
            try importer.importImage(at: folder("layout"), options: options("c"))
        }
        #expect(try folder.blobCount == 0)
    }
}
