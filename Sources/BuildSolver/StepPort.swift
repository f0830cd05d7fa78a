// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import LLB
public import OCIModel

/// What a vertex gave: a snapshot for each output, and how the log tells it.
public struct VertexOutputs: Equatable, Sendable {
    /// The snapshots, by output index.
    public var snapshots: [Snapshot]
    /// The same as layers on parents.
    public var results: [StepResult]

    /// Makes the outputs.
    public init(snapshots: [Snapshot], results: [StepResult]) {
        self.snapshots = snapshots
        self.results = results
    }
}

/// How running a vertex ended. A failed step is a result, not an error.
public enum StepOutcome: Sendable {
    /// It gave its outputs.
    case finished(VertexOutputs, Happened)
    /// It gave none.
    case failed(StepFailed)
    /// It gave none, and the graph goes on with other outputs in their place: a replay that looks behind a failure.
    case replaced(StepFailed, VertexOutputs)
}

/// What the solver needs done: it decides, the port acts.
public protocol StepPort: Sendable {
    /// The readable form of all that a vertex's result depends on.
    ///
    /// - Parameter inputs: One snapshot for each input of the vertex, in order.
    func preimage(of vertex: Vertex, inputs: [Snapshot]) async throws -> JSONValue

    /// Stores the canonical bytes of a preimage as a blob; its digest is the key.
    func store(preimage: [UInt8]) async throws -> ContentDigest

    /// The outputs that an earlier step gave for `key`, if all their blobs are at hand.
    func known(key: ContentDigest) async throws -> (outputs: VertexOutputs, producer: Int64, origin: String)?

    /// Calls `body` while no one else, in any process, runs a step with this key.
    func holding<Value: Sendable>(
        key: ContentDigest,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value

    /// Runs a vertex.
    ///
    /// - Throws: Only what is not the step's own failure: a full disk, a damaged store, cancellation.
    func run(_ vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws -> StepOutcome
}
