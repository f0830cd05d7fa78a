// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

/// Checks each stored node against its two stored children, so that a wrong hash is found where it is and not above.
struct TreeAuditor {
    private let database: Database
    /// The stored hashes of the complete subtrees so far; `nil` for one that can't be read.
    private var peaks: [ContentDigest?] = []
    private var size: Int64 = 0
    private var made: Int64 = 0
    private(set) var collected: [LogFinding] = []

    init(_ database: Database) { self.database = database }

    /// Takes in the stored leaf of the next event.
    mutating func append(_ leaf: ContentDigest?) {
        var hash = leaf
        var index = size
        var level = 0
        while index & 1 == 1, let left = peaks.popLast() {
            index >>= 1
            level += 1
            made += 1
            let expected = left.flatMap { left in hash.map { MerkleTree.nodeHash(left, $0) } }
            let stored = read(MerkleNode(level: level, index: index).order)
            let seqs = (index << Int64(level)) + 1...(index + 1) << Int64(level)
            if let stored, let expected, stored != expected {
                collected.append(LogFinding(seqs, "and the tree over them do not agree"))
            } else if stored == nil {
                collected.append(LogFinding(seqs, "lack their node of the tree"))
            }
            hash = stored ?? expected
        }
        peaks.append(hash)
        size += 1
    }

    /// What is wrong, asked after the last event.
    var findings: [LogFinding] {
        let most = (try? Int64.fetchOne(database, sql: "SELECT max(number) FROM nodes")) ?? made
        guard most > made else { return collected }
        return collected + [LogFinding(nil, "the tree has nodes for more events than the log: its end was cut off")]
    }

    private func read(_ number: Int64) -> ContentDigest? {
        guard let statement = try? PreparedStatement(database, "SELECT hash FROM nodes WHERE number = ?") else {
            return nil
        }
        defer { statement.reset() }
        guard (try? statement.bind(1, number)) != nil, (try? statement.step()) == true else { return nil }
        return statement.digest(0)
    }
}
