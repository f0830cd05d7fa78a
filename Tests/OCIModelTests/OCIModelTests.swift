// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
import Testing

@Suite("OCI documents")
struct OCIModelTests {
    @Test(
        "An image name is completed as docker completes it",
        arguments: [
            ("debian", "docker.io/library/debian:latest", "debian:latest"),
            ("debian:12", "docker.io/library/debian:12", "debian:12"),
            ("me/app:dev", "docker.io/me/app:dev", "me/app:dev"),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest", "localhost:5000/a/b:latest"),
            ("index.docker.io/a/b:1", "docker.io/a/b:1", "a/b:1"),
            ("ghcr.io/a/b__c.d-e:x_Y", "ghcr.io/a/b__c.d-e:x_Y", "ghcr.io/a/b__c.d-e:x_Y"),
        ]
    )
    func names(text: String, full: String, familiar: String) throws {
        let reference = try ImageReference(parsing: text)
        #expect(reference.description == full)
        #expect(reference.familiar == familiar)
        #expect(try ImageReference(parsing: full) == reference)
    }

    @Test("A digest in a name needs no tag")
    func pinned() throws {
        let digest = ContentDigest(of: "x")
        let reference = try ImageReference(parsing: "debian@\(digest)")
        #expect(reference.tag == nil)
        #expect(reference.digest == digest)
        #expect(try ImageReference(parsing: "debian:12@\(digest)").tag == "12")
    }

    @Test(
        "What is no image name is refused",
        arguments: [
            "", "Debian", "a//b", "a:", "a:b:c", "a@sha256:12", "-a", "a-", "a..b", "a___b",
            "a:" + String(repeating: "x", count: 129),
        ]
    )
    func notNames(text: String) {
        #expect(throws: OCIError.self) { try ImageReference(parsing: text) }
    }

    @Test("A ChainID is computed as the image specification defines it")
    func chain() {
        let layers = ["a", "b", "c"].map { ContentDigest(of: $0) }
        let second = ContentDigest(of: "\(layers[0]) \(layers[1])")
        #expect(Snapshot.scratch.chainID == nil)
        #expect(Snapshot(layers: [layers[0]]).chainID == layers[0])
        #expect(Snapshot(layers: layers).chainID == ContentDigest(of: "\(second) \(layers[2])"))
        #expect(Snapshot(layers: [layers[0]]).appending(layers[1]) == Snapshot(layers: Array(layers[0...1])))
    }

    @Test("A stack gives back its layers, however high it is", arguments: [0, 1, 63, 64, 65, 200])
    func height(_ count: Int) {
        let layers = (0..<count).map { ContentDigest(of: "layer \($0)") }
        let whole = Snapshot(layers: layers)
        #expect(whole.layers == layers)
        let grown = layers.reduce(Snapshot.scratch) { $0.appending($1) }
        #expect(grown == whole)
        #expect(grown.layers == layers)
        let (left, right) = (grown.appending(ContentDigest(of: "left")), grown.appending(ContentDigest(of: "right")))
        #expect(left.layers.dropLast() == right.layers.dropLast(), "two that grew from one share what is below")
        #expect(left.layers.last != right.layers.last)
    }

    @Test("A configuration keeps what it does not know, and reads back what it writes")
    func config() throws {
        let text = """
            {"architecture":"amd64","os":"linux","variant":"v2","os.version":"6","author":"me","x-own":{"a":[1,2.5]},
             "config":{"Env":["A=1","B="],"Cmd":null,"Entrypoint":["/x"],"Labels":{"l":"v"},"Memory":7,
             "Healthcheck":{"Test":["CMD","x"],"Interval":5},"ExposedPorts":{"80/tcp":{}},"Volumes":{"/v":{}}},
             "rootfs":{"type":"layers","diff_ids":["\(ContentDigest(of: "l"))"]},
             "history":[{"created_by":"RUN x","empty_layer":true}]}
            """
        let config = try ImageConfig(json: JSONValue(parsing: text))
        #expect(config.other["x-own"]?["a"]?.elements?.count == 2)
        #expect(config.container.other["Memory"] == 7)
        #expect(config.container.cmd == nil)
        #expect(config.container.healthcheck?.interval == 5)
        #expect(config.history.first?.emptyLayer == true)
        #expect(try ImageConfig(json: config.json) == config)
    }

    @Test("A variable keeps its place when it is set again")
    func environment() {
        var config = ContainerConfig()
        config.setEnvironment("A", "1")
        config.setEnvironment("B", "2")
        config.setEnvironment("A", "3")
        #expect(config.env == ["A=3", "B=2"])
        #expect(config.environmentValue("A") == "3")
        #expect(config.environmentValue("C") == nil)
    }

    @Test("Manifests and indexes read back what they write, and refuse what lacks a member")
    func manifests() throws {
        let descriptor = Descriptor(mediaType: MediaType.ociConfig, digest: ContentDigest(of: "c"), size: 3)
        var layer = descriptor
        layer.platform = Platform(os: "linux", architecture: "arm64")
        layer.annotations = ["a": "b"]
        let manifest = ImageManifest(config: descriptor, layers: [layer], annotations: ["x": "y"], artifactType: "t")
        #expect(try ImageManifest(json: manifest.json) == manifest)
        let index = ImageIndex(manifests: [layer])
        #expect(try ImageIndex(json: index.json) == index)
        #expect(throws: OCIError.self) { try ImageManifest(json: ["schemaVersion": 2]) }
        #expect(throws: OCIError.self) { try Descriptor(json: ["mediaType": "m", "digest": "sha256:x", "size": 1]) }
    }
}
