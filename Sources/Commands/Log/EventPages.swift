// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage

/// Events, newest first, read in pages so that a long log needs little memory.
struct EventPages {
    private static let size = 1000
    private let log: EventLog
    private let build: BuildID?
    private let after: Int64
    /// The events from here on have been given.
    private var before: Int64?

    /// Makes pages of the events after `after`.
    init(log: EventLog, build: BuildID?, after: Int64) {
        self.log = log
        self.build = build
        self.after = max(0, after)
    }

    /// The next page; `nil` when there are no more events.
    mutating func next() throws -> [StoredEvent]? {
        if build != nil { return try wholeBuild() }
        let end: Int64
        if let before { end = before } else { end = try log.count() + 1 }
        guard end - 1 > after else { return nil }
        let start = max(after, end - 1 - Int64(Self.size))
        before = start + 1
        return try log.storedEvents(after: start, limit: Int(end - 1 - start)).reversed()
    }

    /// The events of one build are one page: a build is read whole by every other command too.
    private mutating func wholeBuild() throws -> [StoredEvent]? {
        guard before == nil else { return nil }
        before = 0
        return try log.storedEvents(of: build, after: after).reversed()
    }
}
