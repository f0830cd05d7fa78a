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

/// The hashes of a Merkle tree over leaves that are counted from 0.
///
/// Every function asks for nodes of complete subtrees only, O(log size) of them, which are never changed once made.
///
/// Source: RFC 6962, section 2.1.
public enum MerkleTree {
    /// The root of the tree without leaves: the hash of nothing.
    public static let emptyRoot = ContentDigest(of: [] as [UInt8])

    /// The hash of a leaf's bytes.
    public static func leafHash(_ bytes: [UInt8]) -> ContentDigest { ContentDigest(of: [0] + bytes) }

    /// The hash of an interior node with these children.
    public static func nodeHash(_ left: ContentDigest, _ right: ContentDigest) -> ContentDigest {
        var bytes: [UInt8] = [1]
        bytes.reserveCapacity(65)
        bytes.append(contentsOf: left.bytes)
        bytes.append(contentsOf: right.bytes)
        return ContentDigest(of: bytes)
    }

    /// The root over the first `size` leaves.
    public static func root<Failure: Error>(
        size: Int64,
        node: (MerkleNode) throws(Failure) -> ContentDigest
    ) throws(Failure) -> ContentDigest {
        size == 0 ? emptyRoot : try root(from: 0, to: size, node: node)
    }

    /// The hashes from the sibling of leaf `index` up to the root over `size` leaves; `index` must be below `size`.
    public static func inclusionPath<Failure: Error>(
        index: Int64,
        size: Int64,
        node: (MerkleNode) throws(Failure) -> ContentDigest
    ) throws(Failure) -> [ContentDigest] {
        var (start, end) = (Int64(0), size)
        var path: [ContentDigest] = []
        while end - start > 1 {
            let middle = start + split(end - start)
            if index < middle {
                path.append(try root(from: middle, to: end, node: node))
                end = middle
            } else {
                path.append(try root(from: start, to: middle, node: node))
                start = middle
            }
        }
        return path.reversed()
    }

    /// The hashes that prove the first `from` leaves of `to` unchanged; `0 < from <= to`, empty when they are equal.
    public static func consistencyPath<Failure: Error>(
        from: Int64,
        to: Int64,
        node: (MerkleNode) throws(Failure) -> ContentDigest
    ) throws(Failure) -> [ContentDigest] {
        var (start, end) = (Int64(0), to)
        var path: [ContentDigest] = []
        var whole = true
        while from != end {
            let middle = start + split(end - start)
            if from <= middle {
                path.append(try root(from: middle, to: end, node: node))
                end = middle
            } else {
                path.append(try root(from: start, to: middle, node: node))
                start = middle
                whole = false
            }
        }
        if !whole { path.append(try root(from: start, to: end, node: node)) }
        return path.reversed()
    }

    /// The largest power of two below `count`, which is at least 2.
    private static func split(_ count: Int64) -> Int64 {
        1 << Int64(63 - (count - 1).leadingZeroBitCount)
    }

    /// The root over leaves `start` to `end`, where `start` is a multiple of the power of two above their number.
    private static func root<Failure: Error>(
        from start: Int64,
        to end: Int64,
        node: (MerkleNode) throws(Failure) -> ContentDigest
    ) throws(Failure) -> ContentDigest {
        var peaks: [ContentDigest] = []
        var at = start
        while at < end {
            let level = 63 - (end - at).leadingZeroBitCount
            peaks.append(try node(MerkleNode(level: level, index: at >> Int64(level))))
            at += 1 << Int64(level)
        }
        guard var hash = peaks.popLast() else { return emptyRoot }
        while let left = peaks.popLast() { hash = nodeHash(left, hash) }
        return hash
    }
}

/// A complete subtree: the one over the leaves `index << level` up to, not including, `(index + 1) << level`.
public struct MerkleNode: Hashable, Sendable {
    /// Its height; 0 is a leaf.
    public var level: Int
    /// Its place among the subtrees of its height, from 0.
    public var index: Int64

    /// Names a subtree.
    public init(level: Int, index: Int64) {
        self.level = level
        self.index = index
    }

    /// The place of an interior node in the order in which nodes become complete, from 1; 0 for the first leaf.
    ///
    /// Leaf `e` completes its node of level 1 first, so a log that stores nodes under this number only ever appends.
    public var order: Int64 { ((index + 1) << Int64(level)) - 1 - Int64(index.nonzeroBitCount) }
}
