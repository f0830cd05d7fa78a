// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// What a person asks of a replay.
public struct ReplayOptions: Sendable {
    /// Which steps are executed and compared.
    public var steps = StepSelection.all
    /// Whether every step runs without a network, whatever it had then.
    public var withoutNetwork = false
    /// What is made otherwise for the steps than it was.
    public var variations: Set<StepVariation> = []
    /// Secrets by id, since records hold none.
    public var secrets: [String: SecretSource] = [:]
    /// Sockets of SSH agents by id.
    public var agents: [String: String] = [:]
    /// Entitlements granted by `--allow`; a record grants none.
    public var allowed: Set<String> = []

    /// A replay of everything as it was.
    public init() {}

    /// The same as options of the replay's `build.started` event, so that the log says what was executed and how.
    var recorded: [String: String] {
        var recorded: [String: String] = [:]
        switch steps {
        case .all: break
        case .matching(let pattern): recorded["replay-steps"] = pattern
        case .from(let step): recorded["replay-from"] = step
        case .vertices(let vertices): recorded["replay-steps"] = "\(vertices.count) by digest"
        }
        if withoutNetwork { recorded["replay-network"] = "none" }
        if !variations.isEmpty {
            recorded["replay-vary"] = StepVariation.allCases.filter(variations.contains).map(\.rawValue)
                .joined(separator: ",")
        }
        return recorded
    }
}

/// Which steps of a build a replay executes; the others give what the record says.
public enum StepSelection: Equatable, Sendable {
    /// All of them.
    case all
    /// Those whose whole name matches a pattern with `*` and `?`; without either, as a person names one step.
    case matching(String)
    /// One step, as a person names it, and everything that was keyed after it.
    case from(String)
    /// Those of some vertices.
    case vertices(Set<ContentDigest>)
}
