// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import Layers

/// What a replay found.
public struct ReplayReport: Sendable {
    /// The build that repeated the recorded one.
    public var replay: BuildID
    /// What was recorded.
    public var record: BuildRecord
    /// What was asked for.
    public var options: ReplayOptions
    /// Every comparison, in the order of the graph, images and exports last.
    public var comparisons: [Comparison]
    /// The steps that failed without the network that they had then.
    public var needsNetwork: [ContentDigest]
    /// The store with the record's layers.
    public var origin: LayerStore
    /// The layers of the replay, readable while this process lives.
    public var layers: LayerStore

    /// One thing that was compared.
    public struct Comparison: Sendable {
        /// What a person calls it.
        public var name: String
        /// What is in the log.
        public var event: ReplayCompared
        /// Whether it differs only because of something else that differs: a layer below, an input, a layer of the image.
        public var isCarried: Bool
    }

    /// The build that was recorded.
    public var original: BuildID { record.id }

    /// Whether everything agreed.
    public var isIdentical: Bool { comparisons.allSatisfy(\.event.identical) }

    /// What differs by itself, in the order of the graph.
    public var divergences: [Comparison] { comparisons.filter { !$0.event.identical && !$0.isCarried } }

    /// The first thing that differs.
    public var firstDivergence: Comparison? { divergences.first ?? comparisons.first { !$0.event.identical } }

    /// What kind of end it is; `nil` when everything agreed.
    public var kind: FaultKind? {
        if isIdentical { return nil }
        return needsNetwork.isEmpty ? .diverged : .needsNetwork
    }
}
