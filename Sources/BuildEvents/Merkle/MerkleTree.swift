// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The head of a log: how many events, and the root of the Merkle tree over them.
public struct TreeHead: Hashable, Sendable {
    /// How many events.
    public var size: Int64
    /// The root of the tree over them.
    public var root: ContentDigest

    /// Makes a head.
    public init(size: Int64, root: ContentDigest) {
        self.size = size
        self.root = root
    }
}

/// The hashes of a Merkle tree.
///
/// Source: RFC 6962, section 2.1.
public enum MerkleTree {
    /// The root of the tree without leaves: the hash of nothing.
    public static let emptyRoot = ContentDigest(of: [])
}

/// That one event is among the first `size`.
public struct InclusionProof: Equatable, Sendable {
    /// The event's `seq`, from 1.
    public var seq: Int64
    /// The leaf hash of the event.
    public var leaf: ContentDigest
    /// The size of the tree.
    public var size: Int64
    /// The hashes from the leaf's sibling up.
    public var path: [ContentDigest]

    /// Makes a proof of its parts.
    public init(seq: Int64, leaf: ContentDigest, size: Int64, path: [ContentDigest]) {
        self.seq = seq
        self.leaf = leaf
        self.size = size
        self.path = path
    }
}

/// That the tree of `from` events is the beginning of the tree of `to`.
public struct ConsistencyProof: Equatable, Sendable {
    /// The size of the older tree.
    public var from: Int64
    /// The size of the newer tree.
    public var to: Int64
    /// The hashes, as RFC 6962 orders them.
    public var path: [ContentDigest]

    /// Makes a proof of its parts.
    public init(from: Int64, to: Int64, path: [ContentDigest]) {
        self.from = from
        self.to = to
        self.path = path
    }
}
