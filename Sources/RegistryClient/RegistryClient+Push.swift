// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import Glibc
import NIOCore
import NIOHTTP1
public import OCIModel
public import SystemPackage

/// Something to push.
public struct PushedContent: Hashable, Sendable {
    /// Where the bytes are.
    public enum Source: Hashable, Sendable {
        /// In memory.
        case bytes([UInt8])
        /// In a file that holds exactly them.
        case file(FilePath)
        /// With another image: mounted from there in the same registry, else fetched into a folder and sent.
        case registry(ImageReference, temporary: FilePath)
    }

    /// Type, digest and size of the bytes.
    public let descriptor: Descriptor
    /// Where the bytes are.
    public let source: Source

    /// Makes one of its parts.
    public init(descriptor: Descriptor, source: Source) {
        self.descriptor = descriptor
        self.source = source
    }
}

extension RegistryClient {
    /// Pushes an image: blobs that the registry lacks, then manifests, so that no manifest names what is not there.
    ///
    /// - Parameters:
    ///   - blobs: Configurations and layers, in any order.
    ///   - manifests: Children before the index that names them; the last one gets the tag.
    ///   - reference: Where to; without a tag, or with `byDigest`, the last manifest is named by its digest only.
    ///   - plainHTTP: Whether the registry may be spoken to without TLS, whatever the configuration says.
    ///   - mountingFrom: Repositories of the same registry from which blobs may be taken without sending them.
    /// - Throws: `RegistryError`. Blobs that were sent before the error stay, unnamed, until the registry removes them.
    public func push(
        blobs: [PushedContent],
        manifests: [PushedContent],
        to reference: ImageReference,
        byDigest: Bool = false,
        plainHTTP: Bool = false,
        mountingFrom: [String] = []
    ) async throws {
        var place = configuration.home(of: reference)
        if plainHTTP { place.scheme = "http" }
        let target = place
        let scope = AccessScope(repository: place.repository, actions: "pull,push")
        var waiting = blobs[...]
        try await withThrowingTaskGroup(of: Void.self) { group in
            func start() {
                guard let blob = waiting.popFirst() else { return }
                group.addTask { try await self.push(blob, to: target, scope, mountingFrom) }
            }
            for _ in 0..<max(1, configuration.parallelTransfers) { start() }
            while try await group.next() != nil { start() }
        }
        for (index, manifest) in manifests.enumerated() {
            let isLast = index == manifests.count - 1
            let tag = isLast && !byDigest ? reference.tag : nil
            try await put(manifest, named: tag ?? manifest.descriptor.digest.description, at: place, scope)
        }
    }

    private func put(_ manifest: PushedContent, named name: String, at place: RegistryPlace, _ scope: AccessScope)
        async throws
    {
        let bytes: [UInt8]
        switch manifest.source {
        case .bytes(let given): bytes = given
        case .registry: throw RegistryError.configuration("a manifest is always at hand when it is pushed")
        case .file(let path): bytes = try await Offload.run { try FileReading.whole(path, limit: Self.largestManifest) }
        }
        let request = RegistryRequest(
            method: .PUT,
            headers: [("Content-Type", manifest.descriptor.mediaType)],
            body: .bytes(ByteBuffer(bytes: bytes)),
            scope: scope,
            subject: "\(place.repository) (manifest \(name))"
        )
        let response = try await session.send(request, to: place.url("manifests/\(name)"), at: place)
        guard (200..<300).contains(response.status.code) else {
            throw try await RegistrySession.refusal(response, request, place)
        }
        if let said = response.headers.first(name: "Docker-Content-Digest"),
            said != manifest.descriptor.digest.description
        {
            throw RegistryError.malformed(
                host: place.host,
                subject: request.subject,
                reason: "it stored the manifest as \(said.prefix(80))"
            )
        }
    }

    private func push(_ blob: PushedContent, to place: RegistryPlace, _ scope: AccessScope, _ sources: [String])
        async throws
    {
        if try await has(blob.descriptor.digest, at: place, scope) { return }
        for source in sources where source != place.repository {
            if try await mount(blob.descriptor.digest, from: source, to: place, scope) { return }
        }
        var blob = blob
        var fetched: FilePath?
        defer { if let fetched { _ = unsafe unlink(fetched.string) } }
        if case .registry(let origin, let folder) = blob.source {
            let home = configuration.home(of: origin)
            if home.host == place.host, home.repository != place.repository,
                try await mount(blob.descriptor.digest, from: home.repository, to: place, scope)
            {
                return
            }
            let file = folder.appending("push-\(blob.descriptor.digest.hex)")
            fetched = file
            try await fetch(blob.descriptor, of: origin, into: file)
            blob = PushedContent(descriptor: blob.descriptor, source: .file(file))
        }
        var pause = configuration.firstPause
        for attempt in 0... {
            do { return try await upload(blob, to: place, scope) } catch {
                let passes: Bool
                switch error {
                case RegistryError.unreachable: passes = true
                case RegistryError.refused(_, _, let status, _): passes = status >= 500 || status == 429
                default: passes = RegistrySession.isPassing(error)
                }
                guard passes, attempt < configuration.retries else {
                    guard RegistrySession.isPassing(error) else { throw error }
                    throw RegistryError.unreachable(host: place.host, reason: RegistrySession.text(error))
                }
            }
            try await Task.sleep(for: pause)
            pause *= 2
        }
    }

    private func fetch(_ blob: Descriptor, of reference: ImageReference, into path: FilePath) async throws {
        let file = try SystemPackage.FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate, .noFollow, .closeOnExec],
            permissions: [.ownerReadWrite]
        )
        defer { try? file.close() }
        try await read(blob, of: reference, partial: FilePath(path.string + ".partial")) { _ = try file.writeAll($0) }
    }

    private func has(_ digest: ContentDigest, at place: RegistryPlace, _ scope: AccessScope) async throws -> Bool {
        let request = RegistryRequest(method: .HEAD, scope: scope, subject: "blob \(digest)")
        let response = try await session.send(request, to: place.url("blobs/\(digest)"), at: place)
        switch response.status.code {
        case 200..<300: return true
        case 404: return false
        default: throw try await RegistrySession.refusal(response, request, place)
        }
    }

    private func mount(_ digest: ContentDigest, from source: String, to place: RegistryPlace, _ scope: AccessScope)
        async throws -> Bool
    {
        let query = URLText.query([("mount", digest.description), ("from", source)])
        let request = RegistryRequest(
            method: .POST,
            headers: [("Content-Length", "0")],
            scope: scope,
            subject: "blob \(digest)"
        )
        let response = try await session.send(request, to: place.url("blobs/uploads/?\(query)"), at: place)
        return response.status == .created
    }

    /// Sends a blob in one piece.
    private func upload(_ blob: PushedContent, to place: RegistryPlace, _ scope: AccessScope) async throws {
        let digest = blob.descriptor.digest
        let start = RegistryRequest(
            method: .POST,
            headers: [("Content-Length", "0")],
            scope: scope,
            subject: "blob \(digest)"
        )
        let startURL = place.url("blobs/uploads/")
        let begun = try await session.send(start, to: startURL, at: place)
        guard begun.status == .accepted else { throw try await RegistrySession.refusal(begun, start, place) }
        guard let location = begun.headers.first(name: "Location"), let url = URLText.resolve(location, from: startURL)
        else {
            throw RegistryError.malformed(host: place.host, subject: start.subject, reason: "it takes uploads nowhere")
        }
        var put = RegistryRequest(
            method: .PUT,
            headers: [("Content-Type", "application/octet-stream")],
            scope: scope,
            subject: start.subject
        )
        switch blob.source {
        case .bytes(let bytes): put.body = .bytes(ByteBuffer(bytes: bytes))
        case .registry: throw RegistryError.configuration("a blob is fetched before it is sent on")
        case .file(let path):
            put.isRepeatable = false
            put.body = .stream(FileBody(path: path), length: .known(blob.descriptor.size))
        }
        let target = url + (url.contains("?") ? "&" : "?") + URLText.query([("digest", digest.description)])
        let done = try await session.send(put, to: target, at: place)
        guard done.status == .created || done.status == .noContent else {
            throw try await RegistrySession.refusal(done, put, place)
        }
    }
}
