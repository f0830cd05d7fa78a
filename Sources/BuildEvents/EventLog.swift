// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An event as it lies in the log.
public struct RecordedEvent: Equatable, Sendable {
    /// Its place in the log, from 1, without gaps.
    public var seq: Int64
    /// The build it belongs to; `nil` for events of the store.
    public var build: BuildID?
    /// When it was appended.
    public var time: Timestamp
    /// What it says, upcast to the newest version.
    public var event: BuildEvent

    /// Makes a recorded event.
    public init(seq: Int64, build: BuildID?, time: Timestamp, event: BuildEvent) {
        self.seq = seq
        self.build = build
        self.time = time
        self.event = event
    }
}

/// Where events are appended.
public protocol EventAppending: Sendable {
    /// Appends `event` in order and returns at once; it is durable when a later `flush()` returns.
    ///
    /// The order of calls from one task is the order in the log.
    func append(_ event: BuildEvent, build: BuildID?)

    /// Waits until everything appended so far is committed, cancelled or not.
    ///
    /// - Throws: The first failure to store an event, such as a full disk; what came after it is not stored either.
    func flush() async throws
}

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
