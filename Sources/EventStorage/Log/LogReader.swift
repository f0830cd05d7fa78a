// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB
import SystemPackage

/// An event as its row has it, with the leaf hash that was stored beside it.
struct LogRow: Sendable {
    var event: StoredEvent
    /// `nil` when the column has not 32 bytes.
    var leaf: ContentDigest?

    /// Whether the row's leaf hash is that of its event.
    var isIntact: Bool { leaf == event.leaf }

    init(event: StoredEvent, leaf: ContentDigest?) {
        self.event = event
        self.leaf = leaf
    }

    init(_ statement: PreparedStatement) {
        event = StoredEvent(
            seq: statement.integer(0),
            build: statement.text(1),
            kind: statement.text(2),
            version: Int(statement.integer(3)),
            time: statement.integer(4),
            body: statement.bytes(5)
        )
        leaf = statement.digest(6)
    }

    /// The columns that `init` expects.
    static let columns = "seq, build, kind, version, time, body, leaf"
}

/// Reads a log over a connection of its own, so that it never waits for a commit.
final class LogReader: Sendable {
    let path: FilePath
    private let database: DatabaseQueue

    init(path: FilePath) throws {
        self.path = path
        database = try Connections.translating(path) { try Connections.open(path, isReadOnly: true) }
    }

    /// Reads inside one access.
    func access<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Connections.translating(path) { try database.unsafeRead(body) }
    }

    /// Reads inside one transaction, so that everything is of one moment.
    func snapshot<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try Connections.translating(path) { try database.read(body) }
    }

    /// The `seq` of the last event; 0 for none.
    func count() throws -> Int64 { try access(Self.count) }

    static func count(_ database: Database) throws -> Int64 {
        let statement = try PreparedStatement(database, "SELECT max(seq) FROM events")
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// The rows after `seq` up to `last`, at most `limit`, of one build or of all, in order.
    func rows(after seq: Int64, through last: Int64 = .max, of build: BuildID? = nil, limit: Int = .max) throws
        -> [LogRow]
    {
        try access { try Self.rows($0, after: seq, through: last, of: build, limit: limit) }
    }

    static func rows(
        _ database: Database,
        after seq: Int64,
        through last: Int64,
        of build: BuildID?,
        limit: Int
    ) throws -> [LogRow] {
        let statement = try PreparedStatement(
            database,
            "SELECT \(LogRow.columns) FROM events WHERE seq > ? AND seq <= ? "
                + (build == nil ? "" : "AND build = ? ") + "ORDER BY seq"
        )
        defer { statement.reset() }
        try statement.bind(1, seq)
        try statement.bind(2, last)
        if let build { try statement.bind(3, build.description) }
        var rows: [LogRow] = []
        while rows.count < limit, try statement.step() { rows.append(LogRow(statement)) }
        return rows
    }

    /// The hash of a complete subtree: a leaf of an event, or a stored node.
    static func hash(_ database: Database, of node: MerkleNode, path: FilePath) throws -> ContentDigest {
        let statement = try PreparedStatement(
            database,
            node.level == 0 ? "SELECT leaf FROM events WHERE seq = ?" : "SELECT hash FROM nodes WHERE number = ?"
        )
        defer { statement.reset() }
        try statement.bind(1, node.level == 0 ? node.index + 1 : node.order)
        guard try statement.step(), let hash = statement.digest(0) else {
            let place = node.level == 0 ? "the leaf of event \(node.index + 1)" : "the tree's node \(node.order)"
            throw EventLogError.damaged(path: path.string, reason: "\(place) is missing")
        }
        return hash
    }

    /// What a row says.
    ///
    /// - Throws: `EventLogError.damaged`, naming the event, when its bytes are not those that were appended.
    func recorded(_ row: LogRow) throws -> RecordedEvent {
        guard row.isIntact else {
            throw EventLogError.damaged(path: path.string, reason: "event \(row.event.seq) is not what was appended")
        }
        do { return try row.event.recorded() } catch {
            throw EventLogError.damaged(
                path: path.string,
                reason: "event \(row.event.seq): \(error.member) \(error.problem)"
            )
        }
    }
}
