// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Why a step ran, or did not.
public struct StepExplanation: Sendable {
    /// What became of the step.
    public enum Outcome: String, Sendable {
        /// An earlier result was used.
        case reused
        /// It ran.
        case ran
        /// It ran and failed.
        case failed
        /// It was keyed, and the build ended before it had a result.
        case missed
    }

    /// The build.
    public let build: BuildID
    /// The build that it is compared with; `nil` when there is none before it.
    public let against: BuildID?
    /// What a person calls the step.
    public let step: String
    /// The vertex.
    public let vertex: ContentDigest
    /// The key.
    public let key: ContentDigest
    /// The key of the same step in the other build.
    public let keyBefore: ContentDigest?
    /// What became of it.
    public let outcome: Outcome
    /// Why it does not have the other build's result; empty when it does.
    public let causes: [KeyCause]
}

extension StepExplanation {
    /// The object that `reel why --json` prints.
    public var json: JSONValue {
        [
            "id": .string(vertex.description), "build": .string(build.description),
            "against": against.map { .string($0.description) } ?? .null, "step": .string(step),
            "outcome": .string(outcome.rawValue), "key": .string(key.description),
            "keyBefore": keyBefore.map { .string($0.description) } ?? .null, "causes": .array(causes.map(\.json)),
        ]
    }

    /// The lines for a person.
    public var lines: [String] {
        let what =
            switch outcome {
            case .reused: "was cached"
            case .ran: "ran"
            case .failed: "ran and failed"
            case .missed: "is not cached"
            }
        let other = against.map { ", compared with \($0)" } ?? ""
        let head = "\(step) \(what)\(other)"
        if causes.isEmpty { return [head + ":", "  nothing that its key is made of changed"] }
        return [head + ":"] + causes.flatMap(\.lines).map { "  " + $0 }
    }
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
        case .unknownStep(let step, let names) where names.isEmpty:
            "no step is called '\(step)', and no build has that id; the build has no steps with keys"
        case .unknownStep(let step, let names):
            "no step is called '\(step)', and no build has that id; there are \(names.joined(separator: ", "))"
        case .ambiguousStep(let step, let names): "'\(step)' could be \(names.joined(separator: ", "))"
        }
    }
}
