// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Writes one layer in one pass: the normalised tar, its DiffID, its index and the digests of its files.
///
/// Paths are bytes, relative, without leading `/` or `.`; the root is the empty path. Entries come in byte order of
/// their whole paths (`a`, `a.b`, `a/x`), and every directory before what is in it. A call that throws leaves the
/// layer as it was before the call, so that a file which changed while it was read can be given once more.
///
/// For one thread at a time. Released without `finish()`, it leaves nothing behind.
public final class LayerWriter {
    init() {}

    /// Adds a directory; the empty path gives the attributes of the root.
    public func directory(_ path: [UInt8], _ attributes: FileAttributes) throws {}

    /// Adds a regular file of `size` bytes.
    ///
    /// - Parameters:
    ///   - knownDigest: The SHA-256 of the contents, where the caller has it; kept with the layer, unchecked.
    ///   - hashing: Whether to compute that digest as the bytes go by.
    /// - Returns: The digest of the contents, if it was given or computed.
    /// - Throws: `LayerError.contentLength` when the contents are shorter or longer than `size`.
    @discardableResult
    public func file(
        _ path: [UInt8],
        _ attributes: FileAttributes,
        size: Int64,
        content: FileContent,
        knownDigest: ContentDigest? = nil,
        hashing: Bool = false
    ) throws -> ContentDigest? { nil }

    /// Adds a symbolic link to `target`, 1...4095 bytes, which is kept as it is.
    public func symbolicLink(_ path: [UInt8], _ attributes: FileAttributes, target: [UInt8]) throws {}

    /// Adds one more name for the entry `target` of this layer, which came before and is no directory.
    public func hardLink(_ path: [UInt8], to target: [UInt8]) throws {}

    /// Adds a device or a named pipe, as `attributes.kind` says.
    public func special(_ path: [UInt8], _ attributes: FileAttributes) throws {}

    /// Says that `path`, which a lower layer has, is gone.
    ///
    /// In the tar that is an entry `.wh.NAME`, which has its own place in the byte order: it is kept until that place
    /// comes, and must be given before. So give the whiteouts of a directory right after the directory itself.
    public func whiteout(_ path: [UInt8]) throws {}

    /// Says that nothing of the lower layers shows in `directory`. Give it right after the directory itself.
    public func opaque(_ directory: [UInt8]) throws {}

    /// How many bytes the tar has so far.
    public var size: Int64 { 0 }

    /// Ends the layer and puts tar and index into the store.
    public func finish() throws -> CommittedLayer {
        CommittedLayer(diffID: ContentDigest(of: ""), size: 0, entries: 0)
    }
}

/// A layer that the store has, with its index.
public struct CommittedLayer: Hashable, Sendable {
    /// The SHA-256 of the uncompressed tar, which is also the digest of its blob.
    public let diffID: ContentDigest
    /// The length of the tar in bytes.
    public let size: Int64
    /// The number of entries in the tar.
    public let entries: Int

    /// Makes one of its parts.
    public init(diffID: ContentDigest, size: Int64, entries: Int) {
        self.diffID = diffID
        self.size = size
        self.entries = entries
    }

    /// Whether the layer changes nothing.
    public var isEmpty: Bool { entries == 0 }
}
