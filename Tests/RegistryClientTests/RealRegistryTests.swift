// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
import RegistryClient
import SystemPackage
import Testing

@Suite("Debian's docker-registry on the loopback")
struct RealRegistryTests {
    /// Everything that `reference` names: the manifest, and the bytes of every blob.
    private func pull(_ client: RegistryClient, _ reference: ImageReference, _ folder: RegistryFolder) async throws
        -> (manifest: FetchedManifest, blobs: [ContentDigest: [UInt8]])
    {
        let fetched = try await client.manifest(reference)
        let manifest = try ImageManifest(json: JSONValue(parsing: fetched.bytes))
        let blobs = try await withThrowingTaskGroup(of: (ContentDigest, [UInt8]).self) { group in
            for blob in [manifest.config] + manifest.layers {
                group.addTask {
                    let collector = Collector()
                    try await client.read(blob, of: reference, partial: folder(blob.digest.hex)) {
                        collector.append($0)
                    }
                    return (blob.digest, collector.bytes)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return (fetched, blobs)
    }

    @Test("gives what skopeo put there, in OCI's and in docker's form", arguments: ["oci", "v2s2"])
    func read(format: String) async throws {
        let folder = try RegistryFolder()
        try await folder.makeLayout()
        try await Servers.registry(folder) { host in
            try await folder.shell(
                "skopeo --insecure-policy copy --dest-tls-verify=false --format \(format) oci:layout:a docker://\(host)/some/repo:1"
            )
            let reference = try ImageReference(parsing: "\(host)/some/repo:1")
            let (fetched, blobs) = try await RegistryClient.forTests { client in
                let resolved = try await client.resolve(reference)
                let pulled = try await self.pull(client, reference, folder)
                #expect(resolved == pulled.manifest.descriptor)
                return pulled
            }
            #expect(
                fetched.descriptor.mediaType == (format == "oci" ? MediaType.ociManifest : MediaType.dockerManifest)
            )
            #expect(blobs.count == 3)
            for (digest, bytes) in blobs { #expect(ContentDigest(of: bytes) == digest) }
            let missing = try ImageReference(parsing: "\(host)/some/repo:2")
            await #expect(throws: RegistryError.notFound(host: host, subject: missing.familiar)) {
                try await RegistryClient.forTests { try await $0.manifest(missing) }
            }
        }
    }

    @Test("takes a push that skopeo and buildah read back, and mounts what it has")
    func push() async throws {
        let folder = try RegistryFolder()
        try await folder.makeLayout()
        try await Servers.registry(folder) { host in
            let raw = try await folder.shell("skopeo inspect --raw oci:layout:a")
            let manifest = try ImageManifest(json: JSONValue(parsing: raw))
            func content(_ descriptor: Descriptor) -> PushedContent {
                PushedContent(
                    descriptor: descriptor,
                    source: .file(folder("layout/blobs/sha256/\(descriptor.digest.hex)"))
                )
            }
            let blobs = ([manifest.config] + manifest.layers).map(content)
            let bytes = Array(raw.utf8)
            let child = Descriptor(
                mediaType: MediaType.ociManifest,
                digest: ContentDigest(of: bytes),
                size: Int64(bytes.count),
                platform: Platform(os: "linux", architecture: "amd64")
            )
            let index = ImageIndex(manifests: [child]).json.canonicalBytes
            let root = Descriptor(
                mediaType: MediaType.ociIndex,
                digest: ContentDigest(of: index),
                size: Int64(index.count)
            )
            let manifests = [
                PushedContent(descriptor: child, source: .bytes(bytes)),
                PushedContent(descriptor: root, source: .bytes(index)),
            ]
            try await RegistryClient.forTests { client in
                let reference = try ImageReference(parsing: "\(host)/pushed/image:1")
                try await client.push(blobs: blobs, manifests: manifests, to: reference)
                // Twice is as good as once.
                try await client.push(blobs: blobs, manifests: manifests, to: reference)
                let other = try ImageReference(parsing: "\(host)/mounted/image:1")
                try await client.push(
                    blobs: blobs,
                    manifests: [manifests[0]],
                    to: other,
                    byDigest: true,
                    mountingFrom: ["pushed/image"]
                )
                #expect(try await client.resolve(reference).digest == root.digest)
                await #expect(throws: RegistryError.self) { try await client.resolve(other) }
                #expect(try await client.manifest(child.digest, of: other).bytes == bytes)
            }
            let seen = try await folder.shell("skopeo inspect --tls-verify=false --raw docker://\(host)/pushed/image:1")
            #expect(Array(seen.utf8) == index)
            try await folder.shell(
                "skopeo --insecure-policy copy --src-tls-verify=false docker://\(host)/pushed/image:1 oci:back:1"
            )
            let back = try await folder.shell("skopeo inspect --raw oci:back:1")
            #expect(back == raw)
        }
    }

    @Test("is logged in to with docker's config.json, and with a credential helper")
    func login() async throws {
        let folder = try RegistryFolder()
        try await folder.makeLayout()
        // bcrypt, cost 4, of "secret"
        try await folder.shell(
            "python3 -W ignore -c 'import crypt; print(\"me:\" + crypt.crypt(\"secret\", \"$2b$04$abcdefghijklmnopqrstuu\"))' > htpasswd"
        )
        let extra = "auth: {htpasswd: {realm: r, path: \(folder.text("htpasswd"))}}"
        try await Servers.registry(folder, extra: extra) { host in
            try await folder.shell(
                "skopeo --insecure-policy copy --dest-tls-verify=false --dest-creds me:secret oci:layout:a docker://\(host)/r:1"
            )
            let reference = try ImageReference(parsing: "\(host)/r:1")
            let denied = try await #require(throws: RegistryError.self) {
                try await RegistryClient.forTests { try await $0.resolve(reference) }
            }
            #expect(denied.description.contains("docker login"))
            for (user, works) in [("bWU6c2VjcmV0", true), ("bWU6d3Jvbmc=", false)] {
                try folder.write(Array(#"{"auths":{"\#(host)":{"auth":"\#(user)"}}}"#.utf8), "config.json")
                let credentials = DockerCredentials(file: folder("config.json"))
                let resolved = try? await RegistryClient.forTests(credentials: credentials) {
                    try await $0.resolve(reference)
                }
                #expect((resolved != nil) == works)
                if !works {
                    let error = try await #require(throws: RegistryError.self) {
                        try await RegistryClient.forTests(credentials: credentials) { try await $0.resolve(reference) }
                    }
                    #expect(!error.description.contains("wrong") && !error.description.contains(user))
                }
            }
        }
    }
}
