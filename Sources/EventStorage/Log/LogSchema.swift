// SPDX-License-Identifier: Apache-2.0

import BuildModel
import GRDB
import SystemPackage

/// The schema of `log.sqlite`, version 1.
enum LogSchema {
    /// `reel` in ASCII.
    static let applicationID: Int64 = 0x7265_656C
    /// The version that is written, and the newest that can be read.
    static let version: Int64 = 1

    /// Every object of the schema by name, with the text that makes it.
    static let objects: [(name: String, sql: String)] = [
        (
            "events",
            """
            CREATE TABLE events (
                seq INTEGER PRIMARY KEY CHECK (seq > 0),
                build TEXT NOT NULL,
                kind TEXT NOT NULL,
                version INTEGER NOT NULL,
                time INTEGER NOT NULL,
                body TEXT NOT NULL,
                leaf BLOB NOT NULL CHECK (length(leaf) = 32)
            ) STRICT
            """
        ),
        (
            "nodes",
            """
            CREATE TABLE nodes (
                number INTEGER PRIMARY KEY CHECK (number > 0),
                hash BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT
            """
        ),
        (
            "events_follow",
            """
            CREATE TRIGGER events_follow BEFORE INSERT ON events
            WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events)
            BEGIN SELECT raise(ABORT, 'an event must follow the last one'); END
            """
        ),
        ("events_stay", refusal("events_stay", "UPDATE ON events")),
        ("events_remain", refusal("events_remain", "DELETE ON events")),
        (
            "nodes_follow",
            """
            CREATE TRIGGER nodes_follow BEFORE INSERT ON nodes
            WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM nodes)
            BEGIN SELECT raise(ABORT, 'a node must follow the last one'); END
            """
        ),
        ("nodes_stay", refusal("nodes_stay", "UPDATE ON nodes")),
        ("nodes_remain", refusal("nodes_remain", "DELETE ON nodes")),
    ]

    private static func refusal(_ name: String, _ action: String) -> String {
        "CREATE TRIGGER \(name) BEFORE \(action) BEGIN SELECT raise(ABORT, 'the log is append-only'); END"
    }

    /// Makes the schema in an empty database; another process may do the same at the same time.
    static func create(_ database: Database) throws {
        try database.inTransaction(.immediate) {
            guard try Int64.fetchOne(database, sql: "PRAGMA user_version") == 0 else { return .rollback }
            for object in objects { try database.execute(sql: object.sql) }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(version)")
            return .commit
        }
    }

    /// Makes sure that the database is a log that this version can read.
    ///
    /// - Returns: Whether there is a schema; an empty file has none.
    /// - Throws: `EventLogError.newer` or `.foreign`.
    static func check(_ database: Database, path: FilePath) throws -> Bool {
        let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        if version == 0, application == 0,
            try Int64.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0
        {
            return false
        }
        guard application == applicationID else { throw EventLogError.foreign(path: path.string) }
        guard version <= Self.version else {
            throw EventLogError.newer(path: path.string, version: Int(version), known: Int(Self.version))
        }
        return true
    }
}
