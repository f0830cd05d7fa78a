// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

extension EventLog {
    /// How many committed events the log holds, which is the `seq` of the last.
    public func count() throws -> Int64 { 0 }

    /// The event `seq`; `nil` when there is none.
    public func event(_ seq: Int64) throws -> RecordedEvent? { nil }

    /// The committed events after `seq`, of one build or of all, in order, at most `limit`.
    public func events(of build: BuildID? = nil, after seq: Int64 = 0, limit: Int = .max) throws -> [RecordedEvent] { [] }

    /// As `events(of:after:limit:)`, in their stored form: the canonical bytes and the leaf hash.
    public func storedEvents(of build: BuildID? = nil, after seq: Int64 = 0, limit: Int = .max) throws -> [StoredEvent] { [] }

    /// All events after `seq`, those to come included; ends only when its task is cancelled.
    ///
    /// New events are looked for every 50 ms. Of one build, it ends after the build's last event.
    public func follow(_ build: BuildID? = nil, after seq: Int64 = 0) -> EventFollower { EventFollower(log: self) }
}

/// The events of a log as they come.
public struct EventFollower: AsyncSequence, Sendable {
    let log: EventLog

    /// Looks for events and waits.
    public struct AsyncIterator: AsyncIteratorProtocol {
        /// The next event, once there is one.
        public mutating func next() async throws -> RecordedEvent? { nil }
    }

    /// Starts.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator() }
}
