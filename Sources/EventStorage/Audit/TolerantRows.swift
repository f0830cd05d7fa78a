// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

/// The rows of a log of which some pages may be unreadable.
struct TolerantRows {
    /// The `seq` of the last event, or the best guess.
    let count: Int64
    /// What was wrong with finding the end.
    let findings: [LogFinding]
    private let database: Database
    private static let portion: Int64 = 1000

    init(_ database: Database) {
        self.database = database
        do {
            count = try LogReader.count(database)
            findings = []
        } catch {
            let nodes = (try? Int64.fetchOne(database, sql: "SELECT max(number) FROM nodes")) ?? 0
            count = Self.largestCount(withNodes: nodes)
            findings = [LogFinding(nil, "the end of the log can't be read: \(LogAuditor.words(error))")]
        }
    }

    /// The most events that have `nodes` interior nodes.
    static func largestCount(withNodes nodes: Int64) -> Int64 {
        var count = nodes
        while count + 1 - Int64((count + 1).nonzeroBitCount) <= nodes { count += 1 }
        return count
    }

    /// Calls `body` for each `seq` up to `last`, with `nil` for one that is missing or can't be read.
    func forEach(through last: Int64, _ body: (Int64, LogRow?) -> Void) {
        var seq: Int64 = 1
        while seq <= last {
            let end = min(last, seq + Self.portion - 1)
            let rows = (try? LogReader.rows(database, after: seq - 1, through: end, of: nil, limit: .max)) ?? []
            if rows.map(\.event.seq) == Array(seq...end) {
                for row in rows { body(row.event.seq, row) }
            } else {
                for one in seq...end { body(one, single(one)) }
            }
            seq = end + 1
        }
    }

    private func single(_ seq: Int64) -> LogRow? {
        guard let row = try? LogReader.rows(database, after: seq - 1, through: seq, of: nil, limit: 1).first else {
            return nil
        }
        return row.event.seq == seq ? row : nil
    }
}
