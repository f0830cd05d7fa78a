// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import Layers

/// What a replay found.
public struct ReplayReport: Sendable {
    /// The build that was recorded.
    public var original: BuildID
    /// The build that repeated it.
    public var replay: BuildID
    /// Every comparison, in the order of the graph, images and exports last.
    public var comparisons: [Comparison]
    /// The layers of the replay, readable while this report is.
    public var layers: LayerStore

    /// One thing that was compared.
    public struct Comparison: Sendable {
        /// What a person calls it.
        public var name: String
        /// What is in the log.
        public var event: ReplayCompared
    }

    /// Whether everything agreed.
    public var isIdentical: Bool { comparisons.allSatisfy(\.event.identical) }

    /// The first thing that differs.
    public var firstDivergence: Comparison? { comparisons.first { !$0.event.identical } }
}
