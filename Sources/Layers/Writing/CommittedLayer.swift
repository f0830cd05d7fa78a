// SPDX-License-Identifier: Apache-2.0

public import BuildModel

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
