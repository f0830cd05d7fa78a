// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import CLinux
import Dispatch
import GRDB
import Synchronization
import SystemPackage

/// `index.sqlite`: what the log says, in tables that can be asked. Deleting the file loses nothing.
final class ProjectionIndex: Sendable {
    /// Events of this process that change no answer are not projected before somebody asks for more than results.
    private struct State {
        var database: DatabaseQueue?
        /// Everything up to here is in the tables, or bears on no result.
        var covered: Int64 = -1
        /// Everything after `covered` up to here bears on the results for `keys` alone; -1 when there is nothing such.
        var known: Int64 = -1
        var keys: Set<ContentDigest> = []

        mutating func cover(_ count: Int64) {
            covered = max(covered, count)
            guard covered >= known else { return }
            known = -1
            keys = []
        }
    }

    let path: FilePath
    private let log: LogReader
    private let state = Mutex(State())
    /// Told the reason when a damaged index was thrown away.
    private let remade: @Sendable (String) -> Void

    init(path: FilePath, log: LogReader, remade: @escaping @Sendable (String) -> Void) {
        self.path = path
        self.log = log
        self.remade = remade
    }

    /// Takes note of a commit of this process, so that it makes no look-up wait that it does not bear on.
    func note(_ committed: LogWriter.Committed) {
        state.withLock { state in
            let (first, last) = (committed.seqs.lowerBound, committed.seqs.upperBound)
            guard max(state.covered, state.known) == first - 1 else { return }
            if committed.bearings.isEmpty, state.covered == first - 1 { return state.covered = last }
            var keys: [ContentDigest] = []
            for bearing in committed.bearings {
                guard case .result(let key) = bearing else { return }
                keys.append(key)
            }
            state.known = last
            state.keys.formUnion(keys)
        }
    }

    /// Reads the tables for an answer of `ResultLookup`, brought up to date in what bears on results.
    func lookUp<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mending {
            let database = try open()
            let count = try log.count()
            if state.withLock({ $0.covered }) < count { try catchUp(database, to: count) }
            return try database.unsafeRead(body)
        }
    }

    /// Reads the tables for an answer about `key`, or one that any event may change, if that takes no more than the
    /// reading; else `nil`.
    func lookUpNow<Value>(about key: ContentDigest?, _ body: (Database) throws -> Value) throws -> Value? {
        let (database, covered) = state.withLock { state in
            let isConcerned = key.map(state.keys.contains) ?? true
            return (state.database, isConcerned ? state.covered : max(state.covered, state.known))
        }
        guard let database, try log.count() <= covered else { return nil }
        return try mending { try database.unsafeRead(body) }
    }

    /// Reads the tables, brought up to date with all that is committed.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mending {
            let database = try open()
            try catchUp(database, to: try log.count())
            return try database.read(body)
        }
    }

    /// Brings the tables up to date.
    func update() throws { try read { _ in } }

    /// Makes the tables again, whole.
    func rebuild() throws -> Int64 {
        try mending {
            let database = try open()
            let count = try log.count()
            try database.writeWithoutTransaction { try Self.remake($0, from: log, through: count) }
            cover(count)
            return count
        }
    }

    private func cover(_ count: Int64) { state.withLock { $0.cover(count) } }

    private func open() throws -> DatabaseQueue {
        try state.withLock { state in
            if let database = state.database { return database }
            let database = try Connections.open(path) { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
            let (seq, reason) = try database.writeWithoutTransaction { try Self.prepare($0, log) }
            state.cover(seq)
            state.database = database
            if let reason { remade(reason) }
            return database
        }
    }

    /// Makes sure of the schema and that the index is one of this log; returns how far it is.
    ///
    /// - Returns: Also why a former index was thrown away; `nil` when there was none, or one of another version.
    private static func prepare(_ database: Database, _ log: LogReader) throws -> (Int64, String?) {
        if let seq = try progress(database, log) { return (seq, nil) }
        let isForeign = try Int64.fetchOne(database, sql: "PRAGMA user_version") == IndexSchema.version
        try Connections.useWAL(database)
        var seq: Int64 = 0
        try database.inTransaction(.immediate) {
            if let found = try progress(database, log) {
                seq = found
                return .rollback
            }
            try IndexSchema.dropAll(database)
            try IndexSchema.create(database)
            try IndexSchema.createIndexes(database)
            return .commit
        }
        return (seq, isForeign ? "it did not belong to this log and was made again from it" : nil)
    }

    /// How far the index is; `nil` when it is of another version or another log.
    private static func progress(_ database: Database, _ log: LogReader) throws -> Int64? {
        guard try Int64.fetchOne(database, sql: "PRAGMA user_version") == IndexSchema.version else { return nil }
        let statement = try PreparedStatement(database, "SELECT seq, leaf FROM progress")
        defer { statement.reset() }
        guard try statement.step() else { return 0 }
        let (seq, leaf) = (statement.integer(0), statement.digest(1))
        guard let row = try log.rows(after: seq - 1, through: seq).first, row.leaf == leaf else { return nil }
        return seq
    }

    private static let portion: Int64 = 50_000

    /// Projects what is committed up to `count`, in transactions of bounded size.
    private func catchUp(_ database: DatabaseQueue, to count: Int64) throws {
        try database.writeWithoutTransaction { connection in
            var done = try Self.seq(connection)
            if done == 0, count > Self.portion {
                try Self.remake(connection, from: log, through: count)
                done = count
            }
            while done < count {
                try connection.inTransaction(.immediate) {
                    done = try Self.seq(connection)
                    let end = min(count, done + Self.portion)
                    if done < end { try Self.project(connection, from: log, after: done, through: end) }
                    done = max(done, end)
                    return .commit
                }
            }
        }
        cover(count)
    }

    private static func seq(_ database: Database) throws -> Int64 {
        let statement = try PreparedStatement(database, "SELECT seq FROM progress")
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Drops every table and makes it again in one transaction, so that a reader sees the old or the new.
    static func remake(_ database: Database, from log: LogReader, through count: Int64) throws {
        try database.execute(sql: "PRAGMA cache_size = -262144")
        try database.inTransaction(.immediate) {
            try IndexSchema.dropAll(database)
            try IndexSchema.create(database)
            try project(database, from: log, after: 0, through: count)
            try IndexSchema.createIndexes(database)
            return .commit
        }
        try database.execute(sql: "PRAGMA cache_size = -2048")
    }

    /// Folds the events after `seq` up to `end` into the tables.
    private static func project(_ database: Database, from log: LogReader, after seq: Int64, through end: Int64) throws
    {
        guard seq < end else { return }
        var projector = try Projector(database)
        var leaf: ContentDigest?
        try EventDecoding.forEach(in: log, after: seq, through: end) { event, itsLeaf in
            try projector.apply(event)
            leaf = itsLeaf
        }
        guard let leaf else { return }
        try projector.finish(seq: end, leaf: leaf)
    }

    /// Runs `body`; when the file turns out to be damaged, throws it away, says so, and runs it once more.
    private func mending<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as DatabaseError where Connections.isDamage(error) {
            try discard()
            remade("it was damaged (\(error.message ?? "no reason given")) and was made again from the log")
            return try Connections.translating(path, body)
        } catch let error as DatabaseError { throw Connections.translate(error, path) }
    }

    private func discard() throws {
        state.withLock { $0 = State() }
        for suffix in ["", "-wal", "-shm"] {
            let file = path.string + suffix
            guard unsafe unlink(file) == 0 || currentErrno() == ENOENT else { throw SystemCallError("unlink", file) }
        }
    }
}
