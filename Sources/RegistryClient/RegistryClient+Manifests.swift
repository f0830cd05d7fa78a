// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
public import BuildModel
import NIOCore
import NIOHTTP1
public import OCIModel

/// A manifest or image index as a registry has it.
public struct FetchedManifest: Hashable, Sendable {
    /// Media type, digest and size.
    public let descriptor: Descriptor
    /// The bytes, which the digest names.
    public let bytes: [UInt8]
}

extension RegistryClient {
    /// What `reference` names now.
    ///
    /// One HEAD request (and a GET where the registry's answer says no digest). A reference with a digest is not asked
    /// for at all: its digest is the answer, with the type and size of a manifest that nobody has looked at yet.
    ///
    /// - Throws: `RegistryError`.
    public func resolve(_ reference: ImageReference) async throws -> Descriptor {
        if let digest = reference.digest {
            return Descriptor(mediaType: MediaType.ociManifest, digest: digest, size: 0)
        }
        return try await firstPlace(of: reference) { place in
            let request = manifestRequest(.HEAD, reference, place)
            let url = place.url("manifests/\(reference.tag ?? "latest")")
            let response = try await session.send(request, to: url, at: place)
            guard response.status == .ok else { throw try await RegistrySession.refusal(response, request, place) }
            guard let text = response.headers.first(name: "Docker-Content-Digest"),
                let digest = try? ContentDigest(parsing: text),
                let size = response.headers.first(name: "Content-Length").flatMap(Int64.init),
                let type = response.headers.first(name: "Content-Type").map(Self.mediaType)
            else { return try await fetch(reference.tag ?? "latest", of: reference, at: place).descriptor }
            return Descriptor(mediaType: type, digest: digest, size: size)
        }
    }

    /// The manifest that `reference` names, checked against its digest if it has one.
    ///
    /// - Throws: `RegistryError`.
    public func manifest(_ reference: ImageReference) async throws -> FetchedManifest {
        try await firstPlace(of: reference) { place in
            let name = reference.digest?.description ?? reference.tag ?? "latest"
            let fetched = try await fetch(name, of: reference, at: place)
            if let expected = reference.digest, fetched.descriptor.digest != expected {
                throw RegistryError.mismatch(
                    subject: "\(reference)",
                    expected: expected,
                    actual: fetched.descriptor.digest
                )
            }
            return fetched
        }
    }

    /// The manifest with a digest, in the repository of `reference`.
    public func manifest(_ digest: ContentDigest, of reference: ImageReference) async throws -> FetchedManifest {
        try await firstPlace(of: reference) { place in
            let fetched = try await fetch(digest.description, of: reference, at: place)
            guard fetched.descriptor.digest == digest else {
                throw RegistryError.mismatch(
                    subject: "the manifest",
                    expected: digest,
                    actual: fetched.descriptor.digest
                )
            }
            return fetched
        }
    }

    /// Asks the mirrors one after the other, and the registry itself last, whose error is the one that counts.
    func firstPlace<Value>(of reference: ImageReference, _ ask: (RegistryPlace) async throws -> Value) async throws
        -> Value
    {
        let places = configuration.places(of: reference)
        for mirror in places.dropLast() {
            do { return try await ask(mirror) } catch is RegistryError { continue }
        }
        return try await ask(places.last ?? configuration.home(of: reference))
    }

    private func manifestRequest(_ method: HTTPMethod, _ reference: ImageReference, _ place: RegistryPlace)
        -> RegistryRequest
    {
        RegistryRequest(
            method: method,
            headers: [("Accept", Self.manifestTypes.joined(separator: ", "))],
            scope: AccessScope(repository: place.repository, actions: "pull"),
            subject: reference.familiar
        )
    }

    private func fetch(_ name: String, of reference: ImageReference, at place: RegistryPlace) async throws
        -> FetchedManifest
    {
        let request = manifestRequest(.GET, reference, place)
        let response = try await session.send(request, to: place.url("manifests/\(name)"), at: place)
        guard response.status == .ok else { throw try await RegistrySession.refusal(response, request, place) }
        let bytes = try await RegistrySession.collect(response, request, place, limit: Self.largestManifest)
        let stated = response.headers.first(name: "Content-Type").map(Self.mediaType)
        let said = (try? JSONValue(parsing: bytes))?["mediaType"]?.text
        let descriptor = Descriptor(
            mediaType: said ?? stated ?? MediaType.ociManifest,
            digest: ContentDigest(of: bytes),
            size: Int64(bytes.count)
        )
        return FetchedManifest(descriptor: descriptor, bytes: bytes)
    }

    /// A `Content-Type` without its parameters.
    private static func mediaType(_ header: String) -> String {
        String(header.prefix { $0 != ";" && $0 != " " })
    }
}
