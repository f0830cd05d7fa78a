// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Dispatch
import GRDB
import Glibc
import SystemPackage

/// How connections are opened, and how SQLite's errors become ours.
enum Connections {
    /// How long a process waits for others that write, in tries of a millisecond.
    private static let patience = 120_000

    /// A connection that waits for other processes; `isReadOnly` ones never create a file.
    static func open(
        _ path: FilePath,
        isReadOnly: Bool = false,
        prepare: (@Sendable (Database) throws -> Void)? = nil
    ) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.readonly = isReadOnly
        configuration.qos = .userInitiated
        configuration.busyMode = .callback { tries in
            usleep(1000)
            return tries < patience
        }
        if let prepare { configuration.prepareDatabase(prepare) }
        return try DatabaseQueue(path: path.string, configuration: configuration)
    }

    /// Puts a database into WAL mode, which SQLite refuses without waiting while another process does the same.
    static func useWAL(_ database: Database) throws {
        for attempt in 0... {
            do {
                guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw DatabaseError(resultCode: .SQLITE_CANTOPEN, message: "this file system allows no WAL mode")
                }
                return
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && attempt < patience {
                usleep(1000)
            }
        }
    }

    /// Runs `body`, and tells SQLite's errors as errors about `path`.
    static func translating<Value>(_ path: FilePath, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as DatabaseError { throw translate(error, path) }
    }

    static func translate(_ error: DatabaseError, _ path: FilePath) -> EventLogError {
        let words = error.message ?? "\(error.resultCode)"
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged(path: path.string, reason: words)
        case .SQLITE_FULL: .storage(path: path.string, reason: "the disk is full; make room and build again")
        case .SQLITE_BUSY: .storage(path: path.string, reason: "other processes keep the log locked; try again")
        case .SQLITE_CANTOPEN: .storage(path: path.string, reason: "can't be opened; check that it can be written")
        case .SQLITE_READONLY: .storage(path: path.string, reason: "can't be written; check its owner and mode")
        default: .storage(path: path.string, reason: words)
        }
    }

    /// Whether the error says that the file's bytes are wrong.
    static func isDamage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    }
}
