// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A step that could not be run at all.
///
/// A step that ran and failed is a `ContainerExit`.
public enum SandboxError: Fault, Equatable {
    /// Neither crun nor runc is in the search path.
    case noRuntime
    /// The runtime could not start the container; the text is what it said.
    case notStarted(runtime: String, reason: String)
    /// The helper process that watches the container died without a word.
    case supervisorLost
    /// The step asks for what can't be had; the reason is a clause.
    case unsupported(what: String, reason: String)
    /// The namespaces that steps run in can't be made.
    case namespaces(reason: String)

    /// `.usage` for an unsupported wish, else `.failed`.
    public var kind: FaultKind { if case .unsupported = self { .usage } else { .failed } }

    /// One sentence.
    public var description: String {
        switch self {
        case .noRuntime: "no container runtime: neither crun nor runc is in the search path; install crun"
        case .notStarted(let runtime, let reason): "\(runtime) could not start the step: \(reason)"
        case .supervisorLost: "the process that watched the step died, and the step with it; run the build again"
        case .unsupported(let what, let reason): "\(what) is not possible here: \(reason)"
        case .namespaces(let reason):
            "no namespaces for steps: \(reason); run as root, or see 'reel doctor' for what an ordinary user needs"
        }
    }
}
