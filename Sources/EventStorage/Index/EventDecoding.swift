// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Dispatch
import Synchronization
import SystemPackage

/// Reads many events: rows come in order, and are checked and decoded on every core.
enum EventDecoding {
    private static let portion = 8192
    private static let slice = 512

    /// Calls `body` for each event after `seq` up to `end`, in order, with its leaf hash.
    ///
    /// - Throws: `EventLogError.damaged`, naming the first event that is not what was appended or is missing.
    static func forEach(
        in log: LogReader, after seq: Int64, through end: Int64,
        _ body: (RecordedEvent, ContentDigest) throws -> Void
    ) throws {
        var done = seq
        while done < end {
            let rows = try log.rows(after: done, through: end, limit: portion)
            let decoded = try decode(rows, in: log)
            for (row, event) in zip(rows, decoded) {
                done += 1
                guard row.event.seq == done, let leaf = row.leaf else { throw missing(done, in: log) }
                try body(event, leaf)
            }
            guard !rows.isEmpty else { throw missing(done + 1, in: log) }
        }
    }

    private static func missing(_ seq: Int64, in log: LogReader) -> EventLogError {
        .damaged(path: log.path.string, reason: "event \(seq) is missing")
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
