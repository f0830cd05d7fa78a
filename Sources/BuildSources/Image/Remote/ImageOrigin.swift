// SPDX-License-Identifier: Apache-2.0

public import OCIModel
public import SystemPackage

/// A place that has an image and gives away its blobs one by one: a registry, or containerd's content store.
public protocol ImageOrigin: Sendable {
    /// What errors call the image there.
    var subject: String { get }

    /// The bytes of a manifest, an index or a configuration.
    ///
    /// - Throws: An error of the place; also when the bytes do not have the digest of `descriptor`.
    func document(_ descriptor: Descriptor) async throws -> [UInt8]

    /// Hands on a layer, as the place has it, from its first byte to its last.
    ///
    /// - Parameters:
    ///   - partial: A file that keeps what arrived; a later call for the same layer goes on from there.
    ///   - sink: Gets the bytes in order, on threads that may block, before the digest is known to be right.
    /// - Returns: How many bytes an earlier call had left in `partial`.
    /// - Throws: An error of the place; also when the bytes do not have the digest of `descriptor`; what `sink` throws.
    func copy(
        _ descriptor: Descriptor,
        keeping partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Int64
}
