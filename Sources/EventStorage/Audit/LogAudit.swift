// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
import BuildModel
public import SystemPackage

/// What an audit of the log found.
public struct LogAudit: Equatable, Sendable {
    /// How many events were read.
    public var events: Int64
    /// The head, recomputed from the events' bytes; `nil` when they can't be read in full.
    public var head: TreeHead?
    /// What is wrong, in the order of the log; empty for a sound log.
    public var findings: [LogFinding]
    /// The events that stand where a rescue lost one.
    public var recovered: [ClosedRange<Int64>]
}

/// One thing that is wrong with the log or its index.
public struct LogFinding: Hashable, Sendable, CustomStringConvertible {
    /// The events that it touches; `nil` when it is not about certain events.
    public var seqs: ClosedRange<Int64>?
    /// What is wrong, without the place.
    public var problem: String

    /// Where and what, one sentence.
    public var description: String {
        guard let seqs else { return problem }
        return seqs.count == 1
            ? "event \(seqs.lowerBound) \(problem)" : "events \(seqs.lowerBound)-\(seqs.upperBound) \(problem)"
    }

    init(_ seqs: ClosedRange<Int64>?, _ problem: String) {
        self.seqs = seqs
        self.problem = problem
    }

    init(_ seq: Int64, _ problem: String) { self.init(seq...seq, problem) }
}

extension EventLog {
    /// Recomputes everything that the log of a data root says of itself: schema, leaves, tree, gaps, checkpoints, and
    /// the projections against fresh ones.
    ///
    /// What nobody can know without an earlier checkpoint is whether the whole log was replaced by another sound one;
    /// `findings(against:root:)` tells that.
    ///
    /// - Throws: `EventLogError.absent` where there is no log. Damage of every kind is a finding and never thrown.
    public static func audit(root: FilePath) throws -> LogAudit {
        var auditor = try LogAuditor(files: LogFiles(root: root))
        return auditor.run()
    }

    /// Compares the log with an earlier checkpoint: recomputes the tree over its first `head.size` events from their
    /// bytes.
    ///
    /// - Returns: What is wrong; empty when the log still begins as the checkpoint says, whatever was added since.
    public static func findings(against head: TreeHead, root: FilePath) throws -> [LogFinding] {
        let auditor = try LogAuditor(files: LogFiles(root: root))
        return auditor.findings(against: head)
    }
}
