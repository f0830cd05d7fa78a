// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import BuildModel
import NIOCore
import NIOHTTP1
public import OCIModel
public import SystemPackage

extension RegistryClient {
    /// Reads a blob from its first byte to its last, checked against size and digest.
    ///
    /// What arrives is also kept in `partial`, in a folder that exists; a later call goes on from there, and so does this
    /// one when the connection breaks. The file is removed when the blob is complete, and when it turns out wrong.
    ///
    /// - Parameters:
    ///   - blob: What is wanted; its size and digest are checked.
    ///   - reference: The repository.
    ///   - partial: Where to keep what arrived; used by one call at a time.
    ///   - sink: Gets the bytes in order, on threads on which it may block. It sees bytes before the digest is known to
    ///     be right: whatever it makes of them must be thrown away if this call fails.
    /// - Throws: `RegistryError`, and what `sink` throws.
    public func read(
        _ blob: Descriptor,
        of reference: ImageReference,
        partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let download = try await Offload.run { try Download(blob, partial: partial, sink: sink) }
        var last: (any Error)?
        for place in configuration.places(of: reference) {
            do {
                try await read(blob, at: place, into: download)
                return try await Offload.run { try download.finish() }
            } catch let error as RegistryError {
                last = error
            }
        }
        throw last ?? RegistryError.notFound(host: reference.registry, subject: "\(blob.digest)")
    }

    /// A blob of at most 8 MiB, such as a configuration, checked against its digest.
    ///
    /// - Throws: `RegistryError`.
    public func blob(_ descriptor: Descriptor, of reference: ImageReference) async throws -> [UInt8] {
        try await firstPlace(of: reference) { place in
            let request = RegistryRequest(
                scope: AccessScope(repository: place.repository, actions: "pull"),
                subject: "blob \(descriptor.digest)"
            )
            let response = try await session.send(request, to: place.url("blobs/\(descriptor.digest)"), at: place)
            guard response.status == .ok else { throw try await RegistrySession.refusal(response, request, place) }
            let bytes = try await RegistrySession.collect(response, request, place, limit: Self.largestManifest)
            let actual = ContentDigest(of: bytes)
            guard actual == descriptor.digest else {
                throw RegistryError.mismatch(subject: "a blob", expected: descriptor.digest, actual: actual)
            }
            return bytes
        }
    }

    private func read(_ blob: Descriptor, at place: RegistryPlace, into download: Download) async throws {
        var pause = configuration.firstPause
        var failures = 0
        while true {
            let before = download.count
            do {
                try await attempt(blob, at: place, into: download)
                if download.count == blob.size { return }
            } catch  where RegistrySession.isPassing(error) {
                // What arrived counts; only attempts that bring nothing are counted.
                if download.count > before { (failures, pause) = (0, configuration.firstPause) }
                failures += 1
                guard failures <= configuration.retries else {
                    throw RegistryError.unreachable(host: place.host, reason: RegistrySession.text(error))
                }
                try await Task.sleep(for: pause)
                pause *= 2
                continue
            }
            // It ended early without an error.
            failures = download.count > before ? 1 : failures + 1
            guard failures <= configuration.retries else {
                throw RegistryError.malformed(
                    host: place.host,
                    subject: "blob \(blob.digest)",
                    reason: "it ends after \(download.count) of \(blob.size) bytes"
                )
            }
        }
    }

    private func attempt(_ blob: Descriptor, at place: RegistryPlace, into download: Download) async throws {
        let start = download.count
        guard start < blob.size else { return }
        let request = RegistryRequest(
            headers: start > 0 ? [("Range", "bytes=\(start)-")] : [],
            scope: AccessScope(repository: place.repository, actions: "pull"),
            subject: "blob \(blob.digest)"
        )
        let response = try await session.send(request, to: place.url("blobs/\(blob.digest)"), at: place)
        var skip: Int64 = 0
        switch response.status.code {
        case 200: skip = start  // the server sends everything once more
        case 206:
            let range = response.headers.first(name: "Content-Range") ?? ""
            guard range.hasPrefix("bytes \(start)-") else {
                throw RegistryError.malformed(
                    host: place.host,
                    subject: request.subject,
                    reason: "it sent another range than was asked for"
                )
            }
        default: throw try await RegistrySession.refusal(response, request, place)
        }
        var gathered: [UInt8] = []
        do {
            for try await var part in response.body {
                if skip > 0 {
                    let passed = min(skip, Int64(part.readableBytes))
                    part.moveReaderIndex(forwardBy: Int(passed))
                    skip -= passed
                }
                gathered.append(contentsOf: part.readableBytesView)
                if gathered.count >= 1 << 18 {
                    let full = gathered
                    gathered = []
                    gathered.reserveCapacity(1 << 19)
                    try await Offload.run { try download.append(full, host: place.host) }
                }
            }
        } catch {
            let rest = gathered
            try await Offload.run { try download.append(rest, host: place.host) }
            throw error
        }
        let rest = gathered
        try await Offload.run { try download.append(rest, host: place.host) }
    }
}
