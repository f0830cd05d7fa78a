// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Dispatch
import Synchronization
import SystemPackage

/// Reads many events: while one portion is folded, the next is read, checked and decoded on the other cores.
enum EventDecoding {
    private static let portion = 4096
    private static let slice = 512

    /// Calls `body` for each event after `seq` up to `end`, in order, with its leaf hash.
    ///
    /// - Throws: `EventLogError.damaged`, naming the first event that is not what was appended or is missing.
    static func forEach(
        in log: LogReader,
        after seq: Int64,
        through end: Int64,
        _ body: (RecordedEvent, ContentDigest) throws -> Void
    ) throws {
        var done = seq
        var next = Portion(in: log, after: done, through: end)
        while done < end {
            let (rows, events) = try next.wait()
            guard let last = rows.last?.event.seq else { throw missing(done + 1, in: log) }
            if last < end { next = Portion(in: log, after: last, through: end) }
            for (row, event) in zip(rows, events) {
                done += 1
                guard row.event.seq == done, let leaf = row.leaf else { throw missing(done, in: log) }
                try body(event, leaf)
            }
        }
    }

    private static func missing(_ seq: Int64, in log: LogReader) -> EventLogError {
        .damaged(path: log.path.string, reason: "event \(seq) is missing")
    }

    /// A run of events that is read in the background; a short one is read when it is waited for.
    private final class Portion: Sendable {
        private typealias Content = ([LogRow], [RecordedEvent])
        private let content = Mutex<Result<Content, any Error>?>(nil)
        private let group: DispatchGroup?
        private let read: @Sendable () throws -> ([LogRow], [RecordedEvent])

        init(in log: LogReader, after seq: Int64, through end: Int64) {
            read = {
                let rows = try log.rows(after: seq, through: end, limit: portion)
                return (rows, try decode(rows, in: log))
            }
            guard end - seq > slice else {
                group = nil
                return
            }
            let group = DispatchGroup()
            self.group = group
            DispatchQueue.global(qos: .userInitiated).async(group: group) {
                let result = Result { try self.read() }
                self.content.withLock { $0 = result }
            }
        }

        func wait() throws -> ([LogRow], [RecordedEvent]) {
            guard let group else { return try read() }
            group.wait()
            guard let content = content.withLock({ $0 }) else { return try read() }
            return try content.get()
        }
    }

    private static func decode(_ rows: [LogRow], in log: LogReader) throws -> [RecordedEvent] {
        guard rows.count > slice else { return try rows.map(log.recorded) }
        let slices = stride(from: 0, to: rows.count, by: slice).map { $0..<min($0 + slice, rows.count) }
        let parts = Mutex<[Int: Result<[RecordedEvent], any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: slices.count) { index in
            let part = Result { try rows[slices[index]].map(log.recorded) }
            parts.withLock { $0[index] = part }
        }
        let done = parts.withLock { $0 }
        return try slices.indices.flatMap { try done[$0]?.get() ?? [] }
    }
}
