// SPDX-License-Identifier: Apache-2.0

import BuildModel
import GRDB
import Glibc
import SystemPackage

/// Compares `index.sqlite` with tables that are made anew from a sound log, in a temporary database.
struct IndexAuditor {
    let files: LogFiles

    /// What is wrong; nothing when there is no index, which is only a cache.
    func findings() -> [LogFinding] {
        guard unsafe access(files.index.string, F_OK) == 0 else { return [] }
        do {
            let index = try Connections.open(files.index, isReadOnly: true)
            let reader = try LogReader(path: files.log)
            return try index.read { try compare($0, reader) }
        } catch {
            return [LogFinding(nil, "\(files.index): \(LogAuditor.words(error)); 'reel log rebuild' makes it again")]
        }
    }

    private func compare(_ index: Database, _ log: LogReader) throws -> [LogFinding] {
        guard try Int64.fetchOne(index, sql: "PRAGMA user_version") == IndexSchema.version else { return [] }
        let seq = try Int64.fetchOne(index, sql: "SELECT seq FROM progress") ?? 0
        let count = try log.count()
        guard seq <= count else {
            return [LogFinding(count + 1...seq, "are gone: the index has seen them, the log ends before")]
        }
        // An empty path is a temporary database, which SQLite removes when it is closed.
        let fresh = try DatabaseQueue(path: "")
        return try fresh.writeWithoutTransaction { fresh in
            try ProjectionIndex.remake(fresh, from: log, through: seq)
            var findings: [LogFinding] = []
            for table in IndexSchema.tables {
                guard let difference = try firstDifference(index, fresh, table) else { continue }
                findings.append(
                    LogFinding(
                        nil,
                        "\(files.index): the table '\(table.name)' differs from the log at \(difference); "
                            + "'reel log rebuild' makes it again"
                    )
                )
            }
            return findings
        }
    }

    /// The key of the first row that one has and the other has not.
    private func firstDifference(
        _ index: Database,
        _ fresh: Database,
        _ table: (name: String, key: String, columns: String)
    ) throws -> String? {
        let sql = "SELECT * FROM \(table.name) ORDER BY \(table.key)"
        let left = try Row.fetchCursor(index, sql: sql)
        let right = try Row.fetchCursor(fresh, sql: sql)
        while true {
            let (one, other) = (try left.next(), try right.next())
            if one == nil, other == nil { return nil }
            if one == other { continue }
            guard let row = one ?? other else { return nil }
            let width = table.key.split(separator: ",").count
            return row.databaseValues.prefix(width).map(Self.spelling).joined(separator: ", ")
        }
    }

    private static func spelling(_ value: DatabaseValue) -> String {
        if case .blob(let data) = value.storage { return Hexadecimal.string(Array(data)) }
        return "\(value)"
    }
}
