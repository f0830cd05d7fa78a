// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A root file system: a stack of layers, each named by its DiffID, lowest first.
///
/// Source: OCI image specification, "Image Configuration", sections "Layer DiffID" and "Layer ChainID".
public struct Snapshot: Hashable, Sendable {
    /// The DiffIDs (SHA-256 of each layer's uncompressed tar), lowest first; none for `scratch`.
    public private(set) var layers: [ContentDigest]
    /// The ChainID of the stack; `nil` for `scratch`.
    public private(set) var chainID: ContentDigest?

    /// The empty root.
    public static let scratch = Snapshot(layers: [])

    /// Makes a snapshot of a stack of layers, lowest first.
    public init(layers: [ContentDigest]) {
        self.layers = []
        self.layers.reserveCapacity(layers.count)
        for layer in layers { append(layer) }
    }

    /// Puts one more layer on top.
    public mutating func append(_ diffID: ContentDigest) {
        layers.append(diffID)
        chainID = chainID.map { ContentDigest(of: "\($0) \(diffID)") } ?? diffID
    }

    /// This snapshot with one more layer on top.
    public func appending(_ diffID: ContentDigest) -> Snapshot {
        var copy = self
        copy.append(diffID)
        return copy
    }

    /// Equal ChainIDs mean equal stacks.
    public static func == (left: Snapshot, right: Snapshot) -> Bool { left.chainID == right.chainID }

    /// Feeds the ChainID to `hasher`.
    public func hash(into hasher: inout Hasher) { hasher.combine(chainID) }
}
