// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A result that the log knows for a key.
public struct KnownResult: Equatable, Sendable {
    /// The `seq` of the event that gave it.
    public var producer: Int64
    /// The results, by output index.
    public var results: [StepResult]

    /// Makes one.
    public init(producer: Int64, results: [StepResult]) {
        self.producer = producer
        self.results = results
    }
}

/// What the solver asks of the log, answered by its projection.
public protocol ResultLookup: Sendable {
    /// The newest event that gave a result for `key`; `nil` when there is none or its blobs were pruned since.
    ///
    /// Sees everything committed by any process and everything appended by this one.
    func result(forKey key: ContentDigest) async throws -> KnownResult?

    /// The layers of a snapshot that an event named by its ChainID, lowest first; `nil` when no event did.
    func layers(ofChain chainID: ContentDigest) async throws -> [ContentDigest]?
}
