// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
import RegistryClient
import SystemPackage
import Testing

/// The program that plays the registry.
private let faultyRegistry = FilePath(#filePath).removingLastComponent().appending("Support").appending("faulty.py")

@Suite("Registries that misbehave")
struct FaultyRegistryTests {
    private struct Scene: Sendable {
        let folder: RegistryFolder
        let reference: ImageReference
        let blob: Descriptor
        let content: [UInt8]

        /// The requests that arrived, one line each.
        func requests() async throws -> [String] {
            try await folder.shell("cat log 2>/dev/null || true").split(separator: "\n").map(String.init)
        }

        func read(_ client: RegistryClient) async throws -> [UInt8] {
            let collector = Collector()
            try await client.read(blob, of: reference, partial: folder("partial")) { collector.append($0) }
            return collector.bytes
        }
    }

    private func scene(_ fault: String, _ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        let folder = try RegistryFolder()
        let port = try Servers.freePort()
        let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        try folder.write(content, "blob")
        let scene = Scene(
            folder: folder,
            reference: try ImageReference(parsing: "127.0.0.1:\(port)/r:t"),
            blob: Descriptor(
                mediaType: MediaType.ociLayer,
                digest: ContentDigest(of: content),
                size: Int64(content.count)
            ),
            content: content
        )
        let arguments = ["python3", faultyRegistry.string, "\(port)", folder.text("blob"), folder.text("log"), fault]
        try await Servers.run(arguments, port: port) { try await body(scene) }
    }

    @Test(
        "are read all the same when the fault passes",
        arguments: ["none", "once-503", "once-429", "drops", "no-ranges"]
    )
    func passing(fault: String) async throws {
        try await scene(fault) { scene in
            let clock = ContinuousClock()
            let took = try await clock.measure {
                let read = try await RegistryClient.forTests { try await scene.read($0) }
                #expect(read == scene.content)
            }
            if fault == "once-429" { #expect(took >= .seconds(1)) }
            #expect(scene.folder.size("partial") == nil)
            if fault == "drops" {
                let ranges = try await scene.requests().map { $0.split(separator: " ")[2] }
                #expect(ranges.first == "-" && ranges.dropFirst().allSatisfy { $0.hasPrefix("bytes=") })
            }
        }
    }

    static let refusals: [(String, String)] = [
        ("wrong-bytes", "what the registry sent is"), ("short", "ends after"), ("long", "more than the 5000000 bytes"),
        ("ring", "ring"), ("nowhere", "nowhere"), ("404", "has no"), ("403", "DENIED: not you"),
        ("always-500", "UNKNOWN: no idea"), ("long-429", "429"), ("dead", "can't be reached"),
    ]

    @Test("are refused with one sentence when it does not", arguments: refusals)
    func refusing(fault: String, word: String) async throws {
        try await scene(fault) { scene in
            let error = try await #require(throws: RegistryError.self) {
                try await RegistryClient.forTests { try await scene.read($0) }
            }
            #expect(error.description.contains(word), "\(error)")
            #expect(!error.description.contains("\n"))
            #expect(scene.folder.size("partial") ?? 0 <= Int64(scene.content.count))
            if fault == "always-500" { #expect(try await scene.requests().count == 4) }
            if fault == "wrong-bytes" || fault == "long" { #expect(scene.folder.size("partial") == nil) }
        }
    }

    @Test("a later call goes on from what arrived")
    func resumes() async throws {
        try await scene("none") { scene in
            try scene.folder.write(Array(scene.content.prefix(4_000_000)), "partial")
            let read = try await RegistryClient.forTests { try await scene.read($0) }
            #expect(read == scene.content)
            #expect(try await scene.requests().map { $0.split(separator: " ")[2] } == ["bytes=4000000-"])
        }
        // What arrived was wrong: it is found out, and the next call starts from the beginning.
        try await scene("none") { scene in
            try scene.folder.write([UInt8](repeating: 0, count: 1000), "partial")
            await #expect(throws: RegistryError.self) {
                try await RegistryClient.forTests { try await scene.read($0) }
            }
            #expect(scene.folder.size("partial") == nil)
            let read = try await RegistryClient.forTests { try await scene.read($0) }
            #expect(read == scene.content)
        }
    }

    @Test("a sink that refuses ends the transfer")
    func sinkFails() async throws {
        struct Full: Error {}
        try await scene("none") { scene in
            await #expect(throws: Full.self) {
                try await RegistryClient.forTests { client in
                    try await client.read(scene.blob, of: scene.reference, partial: scene.folder("partial")) { _ in
                        throw Full()
                    }
                }
            }
        }
    }

    @Test("manifests are checked", arguments: [("wrong-manifest", "should be"), ("huge-manifest", "8 MiB")])
    func manifests(fault: String, word: String) async throws {
        try await scene(fault) { scene in
            let pinned = try ImageReference(parsing: "\(scene.reference)@\(scene.blob.digest)")
            let error = try await #require(throws: RegistryError.self) {
                try await RegistryClient.forTests { try await $0.manifest(pinned) }
            }
            #expect(error.description.contains(word), "\(error)")
        }
    }

    @Test("a name costs one HEAD request, a digest none, and a registry that states no digest a GET")
    func resolving() async throws {
        try await scene("none") { scene in
            let descriptor = try await RegistryClient.forTests { try await $0.resolve(scene.reference) }
            #expect(descriptor.mediaType == MediaType.ociManifest)
            #expect(try await scene.requests().map { $0.prefix(5) } == ["HEAD "])
            let pinned = try ImageReference(parsing: "\(scene.reference)@\(scene.blob.digest)")
            let same = try await RegistryClient.forTests { try await $0.resolve(pinned) }
            #expect(same.digest == scene.blob.digest)
            #expect(try await scene.requests().count == 1)
        }
        try await scene("no-digest") { scene in
            let descriptor = try await RegistryClient.forTests { try await $0.resolve(scene.reference) }
            #expect(try await scene.requests().map { $0.prefix(4) } == ["HEAD", "GET "])
            let fetched = try await RegistryClient.forTests { try await $0.manifest(scene.reference) }
            #expect(fetched.descriptor == descriptor)
        }
    }

    @Test("tokens are fetched once, with the account, and credentials go nowhere else")
    func tokens() async throws {
        struct User: CredentialSource {
            func credential(for host: String) async throws -> Credential? { .password(user: "user", password: "pass") }
        }
        try await scene("bearer") { scene in
            let read = try await RegistryClient.forTests(credentials: User()) { client in
                _ = try await client.resolve(scene.reference)
                return try await scene.read(client)
            }
            #expect(read == scene.content)
            let requests = try await scene.requests()
            #expect(requests.filter { $0.contains("/token") }.count == 1)
            #expect(
                requests[1].contains(
                    "GET /token?service=s%22q&scope=repository:r:pull&account=user - Basic dXNlcjpwYXNz"
                )
            )
            #expect(requests.count == 4)
        }
        try await scene("redirect-auth") { scene in
            let read = try await RegistryClient.forTests(credentials: User()) { try await scene.read($0) }
            #expect(read == scene.content)
            let elsewhere = try await scene.requests().filter { $0.contains("/elsewhere") }
            #expect(elsewhere.count == 1 && elsewhere[0].contains(" - - localhost:"))
        }
        try await scene("redirect-auth") { scene in
            let error = try await #require(throws: RegistryError.self) {
                try await RegistryClient.forTests { try await scene.read($0) }
            }
            #expect(error.description.contains("docker login"))
        }
    }

    @Test("nobody at the other end is said, after three further attempts")
    func unreachable() async throws {
        let reference = try ImageReference(parsing: "127.0.0.1:\(try Servers.freePort())/r:t")
        let error = try await #require(throws: RegistryError.self) {
            try await RegistryClient.forTests { try await $0.resolve(reference) }
        }
        #expect(error.description.hasSuffix("Connection refused"), "\(error)")
        #expect(!error.description.contains("\n"))
    }

    @Test("mirrors are asked first, and left out when they fail")
    func mirrors() async throws {
        try await scene("none") { scene in
            let host = scene.reference.registry
            let name = try ImageReference(parsing: "registry.invalid/r:t")
            let dead = "127.0.0.1:\(try Servers.freePort())"
            let hosts = ["registry.invalid": RegistryConfiguration.Host(mirrors: [dead, "\(host)/mirrored"])]
            let collector = Collector()
            try await RegistryClient.forTests(hosts: hosts) { client in
                _ = try await client.resolve(name)
                try await client.read(scene.blob, of: name, partial: scene.folder("partial")) { collector.append($0) }
            }
            #expect(collector.bytes == scene.content)
            #expect(try await scene.requests().allSatisfy { $0.contains("/v2/mirrored/r/") })
        }
    }
}
