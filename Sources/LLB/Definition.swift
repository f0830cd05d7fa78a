// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A graph of vertices with one result: LLB.
///
/// The wire form is BuildKit's `pb.Definition`. Each vertex keeps the bytes that it came in, so encoding what was
/// decoded keeps every digest.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `Definition`; `solver/llbsolver/vertex.go` for how it is read.
public struct Definition: Hashable, Sendable {
    /// The vertices that the result needs, each after all of its inputs.
    public let vertices: [Vertex]
    /// The result; `nil` is the empty file system, whose definition has no vertices.
    public let output: VertexInput?
    /// The texts that vertices come from.
    public let sources: [SourceText]
    /// What the definition says about its result, such as the features that a reader must know.
    public let outputMetadata: VertexMetadata

    /// Every vertex in the order of the wire, those that the result does not need included.
    let wireOrder: [Vertex]
    /// The bytes of the last wire vertex, which names the result.
    let closingBytes: [UInt8]
    /// Vertices, the closing one among them, whose metadata the wire has.
    let described: Set<ContentDigest>
    /// Vertices that have an entry in the wire's map of locations.
    let located: Set<ContentDigest>
    /// Metadata that the wire has under other names than those of its vertices; kept, and used by nobody.
    let extraMetadata: [String: VertexMetadata]
    /// Locations that the wire has under other names than those of its vertices; kept, and used by nobody.
    let extraLocations: [String: [SourceLocation]]
    /// Whether the wire has a source message.
    let hasSourceMessage: Bool
    /// The bytes that it was decoded from; `nil` where it was made here.
    let original: [UInt8]?
    /// Indexes of `wireOrder` by digest.
    let indexes: [ContentDigest: Int]

    /// The most bytes that are decoded, 64 MiB; a reader need not read further.
    public static let maximumEncodedSize = 64 << 20
    /// The most vertices that one definition has.
    public static let maximumVertexCount = 100_000

    /// The vertex of a digest; `nil` where the definition has none.
    public subscript(digest: ContentDigest) -> Vertex? { indexes[digest].map { wireOrder[$0] } }
}

extension Definition {
    /// Decodes the wire form and checks it whole.
    ///
    /// - Parameters:
    ///   - bytes: A serialized `pb.Definition`.
    ///   - allowingEmpty: Whether no vertices at all will do, which then means an empty result.
    /// - Throws: `LLBError` for bytes that are no such message, an operation or a field that is not known, an input
    ///   that does not exist, a cycle, or more than the limits allow.
    public init(decoding bytes: [UInt8], allowingEmpty: Bool = false) throws(LLBError) {
        self = try Self.decode(bytes, allowingEmpty: allowingEmpty)
    }

    /// The wire form: the bytes that it was decoded from, or else fields by number and maps by key, as Go's
    /// deterministic marshalling writes them.
    public var encoded: [UInt8] { original ?? encode() }
}
