// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
import BuildModel

extension EventLog {
    /// The head of the log after `size` events, or now: its size and the Merkle tree's root.
    ///
    /// - Throws: `EventLogError.outOfRange` when the log has not so many.
    public func head(size: Int64? = nil) throws -> TreeHead {
        try reader.snapshot { database in
            let count = try LogReader.count(database)
            let size = size ?? count
            guard (0...count).contains(size) else { throw EventLogError.outOfRange(seq: size, count: count) }
            return TreeHead(
                size: size,
                root: try MerkleTree.root(size: size) { try LogReader.hash(database, of: $0, path: reader.path) }
            )
        }
    }

    /// The name of the log where no key gives it one: `reel-log-` and 16 hex digits of its first event's leaf hash.
    public func identity() throws -> String {
        "reel-log-" + (try storedEvents(limit: 1).first?.leaf.hex.prefix(16) ?? "empty")
    }

    /// The proof that event `seq` is among the first `size`.
    public func inclusionProof(of seq: Int64, size: Int64) throws -> InclusionProof {
        try reader.snapshot { database in
            let count = try LogReader.count(database)
            guard (1...max(count, 1)).contains(size), size <= count else {
                throw EventLogError.outOfRange(seq: size, count: count)
            }
            guard (1...size).contains(seq) else { throw EventLogError.outOfRange(seq: seq, count: size) }
            let hash = { (node: MerkleNode) in try LogReader.hash(database, of: node, path: self.reader.path) }
            return InclusionProof(
                seq: seq,
                leaf: try hash(MerkleNode(level: 0, index: seq - 1)),
                size: size,
                path: try MerkleTree.inclusionPath(index: seq - 1, size: size, node: hash)
            )
        }
    }

    /// The proof that the first `from` events of the first `to` are what they were.
    public func consistencyProof(from: Int64, to: Int64) throws -> ConsistencyProof {
        try reader.snapshot { database in
            let count = try LogReader.count(database)
            guard (0...count).contains(to) else { throw EventLogError.outOfRange(seq: to, count: count) }
            guard (0...to).contains(from) else { throw EventLogError.outOfRange(seq: from, count: to) }
            guard from > 0 else { return ConsistencyProof(from: 0, to: to, path: []) }
            return ConsistencyProof(
                from: from,
                to: to,
                path: try MerkleTree.consistencyPath(from: from, to: to) {
                    try LogReader.hash(database, of: $0, path: reader.path)
                }
            )
        }
    }
}
