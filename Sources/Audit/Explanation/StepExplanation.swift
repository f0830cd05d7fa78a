// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
import BuildEvents
public import BuildModel
import BuildSources
import EventStorage
import LLB
import Layers

/// Why a step ran, or did not.
public struct StepExplanation: Sendable {
    /// The build.
    public let build: BuildID
    /// The build that it is compared with; `nil` when there is none before it.
    public let against: BuildID?
    /// What a person calls the step.
    public let step: String
    /// The vertex.
    public let vertex: ContentDigest
    /// Whether an earlier result was used.
    public let wasReused: Bool
    /// Why its key is another than in the other build; empty when the keys are equal.
    public let causes: [KeyCause]
}

/// A question that the log can't answer.
public enum ExplanationError: Fault, Equatable {
    /// The build has no such step.
    case unknownStep(String, names: [String])
    /// Several steps of the build could be meant.
    case ambiguousStep(String, names: [String])

    /// Always `.usage`.
    public var kind: FaultKind { .usage }

    /// One sentence.
    public var description: String {
        switch self {
        case .unknownStep(let step, let names):
            "no step is called '\(step)'; there are \(names.joined(separator: ", "))"
        case .ambiguousStep(let step, let names): "'\(step)' could be \(names.joined(separator: ", "))"
        }
    }
}

extension Engine {
    /// Explains each step of a build, or one, by what changed against another build.
    ///
    /// - Parameters:
    ///   - step: Part of a step's name, or the start of its vertex digest; `nil` for every step that was not reused.
    ///   - other: The build to compare with; `nil` for the newest one before it with the same frontend, file and target.
    /// - Throws: `ExplanationError`, `BuildRecordError`.
    public func explain(_ id: BuildID, step: String? = nil, against other: BuildID? = nil) throws -> [StepExplanation] {
        let record = try BuildRecord(id, log: log, blobs: layers.blobs)
        let baseline = try other ?? predecessor(of: record)
        let before = try baseline.map { try BuildRecord($0, log: log, blobs: layers.blobs) }
        let comparison = RecordComparison(before: before, after: record, blobs: layers.blobs)
        let all = record.orderedSteps
        let chosen: [StepKeyed]
        if let step {
            chosen = all.filter { $0.name.contains(step) || $0.vertex.hex.hasPrefix(step) || "\($0.vertex)" == step }
            guard !chosen.isEmpty else { throw ExplanationError.unknownStep(step, names: all.map(\.name)) }
            guard chosen.count == 1 else { throw ExplanationError.ambiguousStep(step, names: chosen.map(\.name)) }
        } else {
            chosen = all.filter { !record.reused.contains($0.vertex) }
        }
        return try chosen.map { keyed in
            StepExplanation(
                build: id,
                against: baseline,
                step: keyed.name,
                vertex: keyed.vertex,
                wasReused: record.reused.contains(keyed.vertex),
                causes: before == nil ? [] : try comparison.causes(of: keyed)
            )
        }
    }

    private func predecessor(of record: BuildRecord) throws -> BuildID? {
        var filter = BuildFilter()
        filter.frontend = record.start.frontend
        filter.target = record.start.options["target"]
        return try log.builds(filter).first { summary in
            summary.id < record.id && summary.options["filename"] == record.start.options["filename"]
                && summary.options["target"] == record.start.options["target"] && summary.relation == nil
        }?.id
    }
}
