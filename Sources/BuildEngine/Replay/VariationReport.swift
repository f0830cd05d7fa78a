// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Which variations change what steps give.
public struct VariationReport: Sendable {
    /// A step that gave something else under variations than without.
    public struct Break: Equatable, Sendable {
        /// What a person calls it.
        public var step: String
        /// The variations that alone change its result; none when only several together do.
        public var variations: [StepVariation]
    }

    /// The replay without variations, against which the others are judged.
    public var control: ReplayReport
    /// What was varied.
    public var tried: [StepVariation]
    /// What was not varied here, and why.
    public var left: [(variation: StepVariation, reason: String)]
    /// The steps that differ without any variation.
    public var unstable: [String]
    /// The steps that variations break, in the order of the graph.
    public var breaks: [Break]

    /// How much later than the record the replay without variations ran, in nanoseconds.
    public var later: Int64 { control.replay.time.nanoseconds - control.original.time.nanoseconds }

    /// The variations that changed nothing.
    public var harmless: [StepVariation] {
        guard !breaks.contains(where: \.variations.isEmpty) else { return [] }
        return tried.filter { variation in !breaks.contains { $0.variations.contains(variation) } }
    }
}
