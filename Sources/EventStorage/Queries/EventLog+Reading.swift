// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
import SystemPackage

extension EventLog {
    /// How many committed events the log holds, which is the `seq` of the last.
    public func count() throws -> Int64 { try reader.count() }

    /// The event `seq`; `nil` when there is none.
    ///
    /// - Throws: `EventLogError.damaged` when it is not what was appended. So do the functions below.
    public func event(_ seq: Int64) throws -> RecordedEvent? {
        try reader.rows(after: seq - 1, through: seq).first.map(reader.recorded)
    }

    /// The committed events after `seq`, of one build or of all, in order, at most `limit`.
    public func events(of build: BuildID? = nil, after seq: Int64 = 0, limit: Int = .max) throws -> [RecordedEvent] {
        if let build, let imported = try importedEvents(of: build) {
            return try imported.own.filter { $0.seq > seq }.prefix(limit).map { try $0.recorded() }
        }
        return try rows(of: build, after: seq, limit: limit).map(reader.recorded)
    }

    /// As `events(of:after:limit:)`, in their stored form.
    public func storedEvents(of build: BuildID? = nil, after seq: Int64 = 0, limit: Int = .max) throws -> [StoredEvent]
    {
        if let build, let imported = try importedEvents(of: build) {
            return Array(imported.own.filter { $0.seq > seq }.prefix(limit))
        }
        return try rows(of: build, after: seq, limit: limit).map { row in
            guard row.isIntact else {
                throw EventLogError.damaged(
                    path: reader.path.string,
                    reason: "event \(row.event.seq) is not what was appended"
                )
            }
            return row.event
        }
    }

    /// A build's events lie between its first and its last, which the index knows.
    private func rows(of build: BuildID?, after seq: Int64, limit: Int) throws -> [LogRow] {
        guard let build else { return try reader.rows(after: seq, limit: limit) }
        guard let summary = try index.read({ try BuildSummary.load($0, id: build) }) else { return [] }
        return try reader.rows(
            after: max(seq, summary.firstSeq - 1),
            through: summary.lastSeq,
            of: build,
            limit: limit
        )
    }

    /// All events after `seq`, those to come included; ends only when its task is cancelled.
    ///
    /// New events are looked for every 50 ms. Of one build, it ends after the build's last event.
    public func follow(_ build: BuildID? = nil, after seq: Int64 = 0) -> EventFollower {
        EventFollower(log: self, build: build, seq: seq)
    }
}

/// The events of a log as they come.
public struct EventFollower: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = RecordedEvent

    let log: EventLog
    let build: BuildID?
    let seq: Int64

    /// Looks for events and waits.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let log: EventLog
        private let build: BuildID?
        private var seq: Int64
        private var waiting: ArraySlice<RecordedEvent> = []
        private var isOver = false

        init(_ follower: EventFollower) {
            (log, build, seq) = (follower.log, follower.build, follower.seq)
        }

        /// The next event, once there is one; `nil` after the last event of a build.
        ///
        /// - Throws: `CancellationError` when the task is cancelled while it waits.
        public mutating func next() async throws -> RecordedEvent? {
            while !isOver {
                if let event = waiting.popFirst() {
                    seq = event.seq
                    isOver = build != nil && event.event.endsBuild
                    return event
                }
                let (log, build, seq) = (log, build, seq)
                waiting = try await Offload.run { try log.events(of: build, after: seq, limit: 1000) }[...]
                if waiting.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
            }
            return nil
        }
    }

    /// Starts.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
