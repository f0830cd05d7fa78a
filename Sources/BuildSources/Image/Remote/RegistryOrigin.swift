// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import OCIModel
public import RegistryClient
public import SystemPackage

/// An image in a registry.
public struct RegistryOrigin: ImageOrigin {
    /// The repository, and what was asked for there.
    public let reference: ImageReference
    private let client: RegistryClient

    /// Makes one.
    public init(_ reference: ImageReference, client: RegistryClient) {
        self.reference = reference
        self.client = client
    }

    /// The name as people write it.
    public var subject: String { reference.familiar }

    /// Manifests are asked for by digest, configurations as blobs.
    public func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        guard [MediaType.ociConfig, MediaType.dockerConfig].contains(descriptor.mediaType) else {
            return try await client.manifest(descriptor.digest, of: reference).bytes
        }
        return try await client.blob(descriptor, of: reference)
    }

    /// Streams the blob, resumed after faults.
    public func copy(
        _ descriptor: Descriptor,
        keeping partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Int64 {
        var status = stat()
        let kept = unsafe stat(partial.string, &status) == 0 ? Int64(status.st_size) : 0
        try await client.read(descriptor, of: reference, partial: partial, to: sink)
        return kept <= descriptor.size ? kept : 0
    }
}
