// SPDX-License-Identifier: Apache-2.0

import BuildModel
import GRDB
import GRDBSQLite

/// A statement of GRDB's cache, bound and stepped by hand where rows come by the hundred thousand.
///
/// Valid inside the access to the database in which it was made. One that was stepped must be `reset` before the
/// connection's next use of the same text.
@safe struct PreparedStatement {
    private let statement: Statement
    private let database: Database
    private var raw: SQLiteStatement { unsafe statement.sqliteStatement }

    init(_ database: Database, _ sql: String) throws {
        self.database = database
        statement = try database.cachedStatement(sql: sql)
    }

    private var failure: DatabaseError {
        DatabaseError(resultCode: database.lastErrorCode, message: database.lastErrorMessage, sql: statement.sql)
    }

    func bind(_ index: Int32, _ value: Int64) throws {
        guard unsafe sqlite3_bind_int64(raw, index, value) == SQLITE_OK else { throw failure }
    }

    func bind(_ index: Int32, _ value: Int64?) throws {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    func bindNull(_ index: Int32) throws {
        guard unsafe sqlite3_bind_null(raw, index) == SQLITE_OK else { throw failure }
    }

    /// Binds bytes of UTF-8 as text.
    func bind(_ index: Int32, utf8 bytes: [UInt8]) throws {
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe sqlite3_bind_text64(
                raw,
                index,
                buffer.baseAddress?.assumingMemoryBound(to: CChar.self) ?? empty,
                sqlite3_uint64(buffer.count),
                transient,
                UInt8(SQLITE_UTF8)
            )
        }
        guard status == SQLITE_OK else { throw failure }
    }

    func bind(_ index: Int32, _ text: String) throws { try bind(index, utf8: Array(text.utf8)) }

    func bind(_ index: Int32, _ text: String?) throws {
        if let text { try bind(index, text) } else { try bindNull(index) }
    }

    func bind(_ index: Int32, _ digest: ContentDigest) throws {
        let bytes = digest.bytes
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe sqlite3_bind_blob64(raw, index, buffer.baseAddress, 32, transient)
        }
        guard status == SQLITE_OK else { throw failure }
    }

    func bind(_ index: Int32, _ digest: ContentDigest?) throws {
        if let digest { try bind(index, digest) } else { try bindNull(index) }
    }

    /// Goes to the next row; `false` when there is none.
    func step() throws -> Bool {
        switch unsafe sqlite3_step(raw) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let failure = failure
            unsafe sqlite3_reset(raw)
            throw failure
        }
    }

    /// Makes it ready for the next use.
    func reset() { unsafe sqlite3_reset(raw) }

    /// Steps through all rows and makes it ready again.
    func run() throws {
        while try step() {}
        reset()
    }

    /// Whether the column is null.
    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(raw, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(raw, column) }

    /// The bytes of a text or blob, as they are stored.
    func bytes(_ column: Int32) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(raw, column)
        let count = unsafe Int(sqlite3_column_bytes(raw, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    func text(_ column: Int32) -> String {
        let start = unsafe sqlite3_column_blob(raw, column)
        let count = unsafe Int(sqlite3_column_bytes(raw, column))
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count),
            as: UTF8.self
        )
    }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The digest in a blob column; `nil` for null and for anything that has not 32 bytes.
    func digest(_ column: Int32) -> ContentDigest? { try? ContentDigest(bytes: bytes(column)) }
}

/// Tells SQLite to copy what is bound.
private let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
/// A text of no bytes that is not null.
nonisolated(unsafe) private let empty: UnsafePointer<CChar> = {
    let made = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    unsafe made.initialize(to: 0)
    return unsafe UnsafePointer(made)
}()
