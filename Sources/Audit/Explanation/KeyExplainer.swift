// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
public import BuildModel
public import EventStorage
public import Layers

/// Explains the keys of recorded builds.
///
/// It only reads, so a data root can be asked that nothing may be written to.
public struct KeyExplainer: Sendable {
    let log: EventLog
    let blobs: BlobStore

    /// Explains builds of `log`, whose definitions and preimages are in `blobs`.
    public init(log: EventLog, blobs: BlobStore) {
        self.log = log
        self.blobs = blobs
    }

    /// Explains each step of a build, or one, by what changed against another build.
    ///
    /// Every build can be explained: nothing has to be asked for when it runs.
    ///
    /// - Parameters:
    ///   - step: A step by its number from 1, the start of its vertex digest, or a part of its name; `nil` for every step
    ///     that was not reused.
    ///   - other: The build to compare with; `nil` for the newest one of the same kind before it that has a result of the
    ///     step, well ended ones first.
    /// - Throws: `ExplanationError`, `BuildRecordError`.
    public func explain(_ id: BuildID, step: String? = nil, against other: BuildID? = nil) throws -> [StepExplanation] {
        let record = try BuildRecord(id, log: log, blobs: blobs)
        let all = record.orderedSteps
        let chosen: [StepKeyed]
        if let step {
            chosen = StepName.steps(all, matching: step)
            guard !chosen.isEmpty else { throw ExplanationError.unknownStep(step, names: all.map(\.name)) }
            guard chosen.count == 1 else { throw ExplanationError.ambiguousStep(step, names: chosen.map(\.name)) }
        } else {
            chosen = all.filter { !record.reused.contains($0.vertex) }
        }
        var baselines = Baselines(
            candidates: try other.map { [$0] } ?? Baselines.candidates(for: record, log: log),
            record: record,
            log: log,
            blobs: blobs
        )
        return try chosen.map { try explain($0, of: record, &baselines) }
    }

    private func explain(
        _ keyed: StepKeyed,
        of record: BuildRecord,
        _ baselines: inout Baselines
    ) throws -> StepExplanation {
        let comparison = try baselines.comparison(for: keyed)
        let outcome: StepExplanation.Outcome =
            if record.reused.contains(keyed.vertex) {
                .reused
            } else if record.results[keyed.vertex] != nil {
                .ran
            } else {
                record.failures.contains(keyed.vertex) ? .failed : .missed
            }
        return StepExplanation(
            build: record.id,
            against: comparison?.before.id,
            step: keyed.name,
            vertex: keyed.vertex,
            key: keyed.key,
            keyBefore: comparison?.counterpart(of: keyed.vertex)?.key,
            outcome: outcome,
            causes: try comparison?.causes(of: keyed) ?? [.firstBuild]
        )
    }
}

/// The builds that another one can be compared with, read as they are needed.
private struct Baselines {
    /// How many builds are looked into for a step's last result.
    private static let limit = 40

    private let candidates: [BuildID]
    private let record: BuildRecord
    private let log: EventLog
    private let blobs: BlobStore
    private var comparisons: [BuildID: RecordComparison] = [:]

    init(candidates: [BuildID], record: BuildRecord, log: EventLog, blobs: BlobStore) {
        self.candidates = candidates
        self.record = record
        self.log = log
        self.blobs = blobs
    }

    /// Earlier builds of the same frontend, file and target: those that ended well first, of these those with the same
    /// names and folder, the newest first.
    static func candidates(for record: BuildRecord, log: EventLog) throws -> [BuildID] {
        var filter = BuildFilter()
        filter.frontend = record.start.frontend
        let options = record.start.options
        let builds = try log.builds(filter).filter { summary in
            summary.id < record.id && summary.relation == nil && summary.steps > 0
                && summary.options["filename"] == options["filename"] && summary.options["target"] == options["target"]
        }
        func rank(_ build: BuildSummary) -> Int {
            (build.status == .finished ? 0 : 2) + (build.tags == record.start.tags ? 0 : 1)
        }
        return (0...3).flatMap { wanted in builds.filter { rank($0) == wanted } }.prefix(limit).map(\.id)
    }

    /// The comparison that can tell the most of a step; `nil` without any candidate.
    mutating func comparison(for step: StepKeyed) throws -> RecordComparison? {
        var known: RecordComparison?
        for candidate in candidates {
            let comparison = try comparison(with: candidate)
            guard let old = comparison.counterpart(of: step.vertex) else { continue }
            if comparison.before.results[old.vertex] != nil { return comparison }
            known = known ?? comparison
        }
        if let known { return known }
        return try candidates.first.map { try comparison(with: $0) }
    }

    private mutating func comparison(with build: BuildID) throws -> RecordComparison {
        if let made = comparisons[build] { return made }
        let other = try BuildRecord(build, log: log, blobs: blobs)
        let made = RecordComparison(before: other, after: record, blobs: blobs)
        comparisons[build] = made
        return made
    }
}
