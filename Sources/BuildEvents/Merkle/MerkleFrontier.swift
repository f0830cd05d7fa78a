// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The roots of the complete subtrees that make up a tree, largest first: all that appending needs.
public struct MerkleFrontier: Equatable, Sendable {
    /// How many leaves there are.
    public private(set) var size: Int64
    private var peaks: [ContentDigest]

    /// The frontier of the empty tree.
    public init() {
        size = 0
        peaks = []
    }

    /// The frontier of a stored tree over `size` leaves.
    public init<Failure: Error>(
        size: Int64,
        node: (MerkleNode) throws(Failure) -> ContentDigest
    ) throws(Failure) {
        self.init()
        self.size = size
        var at: Int64 = 0
        for level in stride(from: 62, through: 0, by: -1) where size & (1 << Int64(level)) != 0 {
            peaks.append(try node(MerkleNode(level: level, index: at >> Int64(level))))
            at += 1 << Int64(level)
        }
    }

    /// Adds a leaf, and tells each interior node that it completes, lowest first.
    public mutating func append<Failure: Error>(
        _ leaf: ContentDigest,
        completed: (MerkleNode, ContentDigest) throws(Failure) -> Void
    ) throws(Failure) {
        var hash = leaf
        var index = size
        var level = 0
        while index & 1 == 1, let left = peaks.popLast() {
            hash = MerkleTree.nodeHash(left, hash)
            index >>= 1
            level += 1
            try completed(MerkleNode(level: level, index: index), hash)
        }
        peaks.append(hash)
        size += 1
    }

    /// Adds a leaf.
    public mutating func append(_ leaf: ContentDigest) { append(leaf) { _, _ in } }

    /// The root over all leaves.
    public var root: ContentDigest {
        guard var hash = peaks.last else { return MerkleTree.emptyRoot }
        for left in peaks.dropLast().reversed() { hash = MerkleTree.nodeHash(left, hash) }
        return hash
    }

    /// Size and root.
    public var head: TreeHead { TreeHead(size: size, root: root) }
}
