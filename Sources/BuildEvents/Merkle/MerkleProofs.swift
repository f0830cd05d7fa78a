// SPDX-License-Identifier: Apache-2.0

public import BuildModel

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

    /// Whether it leads from the leaf to `root`.
    ///
    /// Source: RFC 9162, section 2.1.3.2.
    public func isValid(root: ContentDigest) -> Bool {
        guard seq >= 1, seq <= size else { return false }
        var (first, last) = (seq - 1, size - 1)
        var hash = leaf
        for sibling in path {
            guard last > 0 else { return false }
            if first & 1 == 1 || first == last {
                hash = MerkleTree.nodeHash(sibling, hash)
                while first & 1 == 0, first != 0 { (first, last) = (first >> 1, last >> 1) }
            } else {
                hash = MerkleTree.nodeHash(hash, sibling)
            }
            (first, last) = (first >> 1, last >> 1)
        }
        return last == 0 && hash == root
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

    /// Whether it leads from the older root to the newer; every tree begins with the empty one.
    ///
    /// Source: RFC 9162, section 2.1.4.2.
    public func isValid(older: ContentDigest, newer: ContentDigest) -> Bool {
        guard from >= 0, from <= to else { return false }
        if from == 0 { return path.isEmpty && older == MerkleTree.emptyRoot }
        if from == to { return path.isEmpty && older == newer }
        var (first, last) = (from - 1, to - 1)
        while first & 1 == 1 { (first, last) = (first >> 1, last >> 1) }
        var rest = from.nonzeroBitCount == 1 ? [older] + path : path
        guard !rest.isEmpty else { return false }
        var left = rest.removeFirst()
        var right = left
        for hash in rest {
            guard last > 0 else { return false }
            if first & 1 == 1 || first == last {
                left = MerkleTree.nodeHash(hash, left)
                right = MerkleTree.nodeHash(hash, right)
                while first & 1 == 0, first != 0 { (first, last) = (first >> 1, last >> 1) }
            } else {
                right = MerkleTree.nodeHash(right, hash)
            }
            (first, last) = (first >> 1, last >> 1)
        }
        return last == 0 && left == older && right == newer
    }
}

extension InclusionProof {
    /// Reads what `json` gives; `nil` for anything else.
    public init?(json: JSONValue) {
        guard let seq = json["seq"]?.integer, let size = json["size"]?.integer,
            let leaf = json["leaf"]?.text.flatMap({ try? ContentDigest(parsing: $0) }),
            let path = json["path"]?.elements
        else { return nil }
        let hashes = path.compactMap { $0.text.flatMap { try? ContentDigest(parsing: $0) } }
        guard hashes.count == path.count else { return nil }
        self.init(seq: seq, leaf: leaf, size: size, path: hashes)
    }

    /// `{"leaf":…,"path":[…],"seq":…,"size":…}`.
    public var json: JSONValue {
        [
            "seq": .integer(seq), "size": .integer(size), "leaf": .string(leaf.description),
            "path": JSONValue(path.map(\.description)),
        ]
    }
}

extension ConsistencyProof {
    /// `{"from":…,"path":[…],"to":…}`.
    public var json: JSONValue {
        ["from": .integer(from), "to": .integer(to), "path": JSONValue(path.map(\.description))]
    }
}
