// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A root file system: a stack of layers, each named by its DiffID, lowest first.
///
/// Source: OCI image specification, "Image Configuration", sections "Layer DiffID" and "Layer ChainID".
public struct Snapshot: Hashable, Sendable {
    /// Whole pieces of the stack, lowest first, which the snapshots above this one share: a chain of ten thousand steps
    /// has ten thousand snapshots, each a layer longer than the one before.
    private var pieces: [[ContentDigest]] = []
    /// The layers above the pieces, fewer than a piece has.
    private var top: [ContentDigest] = []
    private static let pieceLength = 64

    /// The DiffIDs (SHA-256 of each layer's uncompressed tar), lowest first; none for `scratch`.
    public var layers: [ContentDigest] { pieces.isEmpty ? top : pieces.flatMap(\.self) + top }
    /// The ChainID of the stack; `nil` for `scratch`.
    public private(set) var chainID: ContentDigest?

    /// The empty root.
    public static let scratch = Snapshot(layers: [])

    /// Makes a snapshot of a stack of layers, lowest first.
    public init(layers: [ContentDigest]) {
        for layer in layers { append(layer) }
    }

    /// Puts one more layer on top.
    public mutating func append(_ diffID: ContentDigest) {
        top.append(diffID)
        if top.count == Self.pieceLength {
            pieces.append(top)
            top = []
        }
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
