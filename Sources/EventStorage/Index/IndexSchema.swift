// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The schema of `index.sqlite`. A file of another version is thrown away and made again from the log.
enum IndexSchema {
    /// Raised with each change of the tables or of what is written into them.
    static let version: Int64 = 2

    /// The tables, each with the columns by which its rows are told apart.
    static let tables: [(name: String, key: String, columns: String)] = [
        ("progress", "id", "id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, leaf BLOB NOT NULL"),
        ("result", "key", "key BLOB PRIMARY KEY, producer INTEGER NOT NULL, results TEXT NOT NULL"),
        ("chain", "id", "id BLOB PRIMARY KEY, parent BLOB, diff_id BLOB NOT NULL"),
        ("absent", "digest", "digest BLOB PRIMARY KEY, seq INTEGER NOT NULL, reason TEXT NOT NULL"),
        (
            "build", "id",
            """
            id TEXT PRIMARY KEY, status TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
            first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, frontend TEXT NOT NULL, target TEXT,
            original TEXT, relation TEXT, steps INTEGER NOT NULL, reused INTEGER NOT NULL, ran INTEGER NOT NULL,
            failures INTEGER NOT NULL, fallbacks INTEGER NOT NULL, image BLOB, error TEXT, options TEXT NOT NULL,
            tags TEXT NOT NULL, results TEXT NOT NULL
            """
        ),
        ("build_tag", "tag, build", "tag TEXT NOT NULL, build TEXT NOT NULL, PRIMARY KEY (tag, build)"),
        (
            "image", "name, platform",
            """
            name TEXT NOT NULL, platform TEXT NOT NULL, seq INTEGER NOT NULL, build TEXT, time INTEGER NOT NULL,
            manifest BLOB NOT NULL, size INTEGER NOT NULL, config BLOB NOT NULL, layers TEXT NOT NULL,
            origin TEXT NOT NULL, names TEXT NOT NULL, PRIMARY KEY (name, platform)
            """
        ),
        (
            "pin", "identifier",
            """
            identifier TEXT PRIMARY KEY, type TEXT NOT NULL, pin TEXT NOT NULL, seq INTEGER NOT NULL,
            build TEXT, time INTEGER NOT NULL
            """
        ),
        ("context", "seq", "seq INTEGER PRIMARY KEY, build TEXT NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL"),
        (
            "blob_reference", "seq, digest, role",
            "seq INTEGER NOT NULL, digest BLOB NOT NULL, role TEXT NOT NULL, PRIMARY KEY (seq, digest, role)"
        ),
        (
            "recorded_build", "id, seq",
            """
            id TEXT NOT NULL, seq INTEGER NOT NULL, recording BLOB NOT NULL, events BLOB NOT NULL,
            PRIMARY KEY (id, seq)
            """
        ),
    ]

    /// The indexes, made after the rows when many come at once.
    private static let indexes = [
        ("build_by_status", "build (status, id)"),
        ("build_by_target", "build (target, id)"),
        ("build_by_original", "build (original, id)"),
        ("context_by_build", "context (build)"),
        ("blob_reference_by_digest", "blob_reference (digest)"),
    ]

    static func create(_ database: Database) throws {
        for table in tables {
            let tail = table.columns.contains("INTEGER PRIMARY KEY") ? "STRICT" : "STRICT, WITHOUT ROWID"
            try database.execute(sql: "CREATE TABLE \(table.name) (\(table.columns)) \(tail)")
        }
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    static func createIndexes(_ database: Database) throws {
        for (name, on) in indexes { try database.execute(sql: "CREATE INDEX IF NOT EXISTS \(name) ON \(on)") }
    }

    static func dropAll(_ database: Database) throws {
        let names = try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        for name in names where !name.hasPrefix("sqlite_") {
            try database.execute(sql: "DROP TABLE \"\(name)\"")
        }
    }
}
