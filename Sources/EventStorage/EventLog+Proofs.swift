// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import SystemPackage

extension EventLog {
    /// The head of the log after `size` events, or now: its size and the Merkle tree's root.
    public func head(size: Int64? = nil) throws -> TreeHead { TreeHead(size: 0, root: MerkleTree.emptyRoot) }

    /// The proof that event `seq` is among the first `size`.
    public func inclusionProof(of seq: Int64, size: Int64) throws -> InclusionProof {
        throw EventLogError.unknownBuild("")
    }

    /// The proof that the first `from` events of the first `to` are what they were.
    public func consistencyProof(from: Int64, to: Int64) throws -> ConsistencyProof {
        throw EventLogError.unknownBuild("")
    }

    /// Compares an earlier checkpoint with the log: recomputes the tree over its first `head.size` events from their
    /// bytes.
    ///
    /// - Returns: What is wrong; empty when the log still is what the checkpoint says.
    public func findings(against head: TreeHead) throws -> [LogFinding] { [] }

    /// Recomputes everything: schema, leaves, tree, gaps, checkpoints, projections.
    public func audit() throws -> LogAudit { LogAudit(events: 0, head: nil, findings: []) }

    /// Saves every event that still verifies into a new log, moves the damaged one aside and says what is lost.
    ///
    /// - Throws: `EventLogError.inUse` when another process holds the log open; nothing is changed then.
    public static func salvage(root: FilePath, clock: any WallClock) throws -> LogSalvage {
        throw EventLogError.unknownBuild("")
    }
}

/// What an audit of the log found.
public struct LogAudit: Equatable, Sendable {
    /// How many events were read.
    public var events: Int64
    /// The head, recomputed from the events; `nil` when they can't be read in full.
    public var head: TreeHead?
    /// What is wrong, in the order of the log; empty for a sound log.
    public var findings: [LogFinding]
}

/// One thing that is wrong with the log.
public struct LogFinding: Equatable, Sendable, CustomStringConvertible {
    /// The events that it touches; `nil` when it is not about events.
    public var seqs: ClosedRange<Int64>?
    /// What is wrong, without the place.
    public var problem: String
    /// Where and what, one sentence.
    public var description: String { seqs.map { "\($0): \(problem)" } ?? problem }
}

/// What a rescue did.
public struct LogSalvage: Equatable, Sendable {
    /// Events kept.
    public var kept: Int64
    /// Events lost, by seq.
    public var lost: [ClosedRange<Int64>]
    /// Where the damaged log is now.
    public var damaged: FilePath
}
