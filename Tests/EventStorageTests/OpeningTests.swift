// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import GRDB
import SystemPackage
import Testing

@testable import EventStorage

@Suite struct OpeningTests {
    @Test("A log of a later version is refused by one sentence, and left as it is")
    func newer() throws {
        let scratch = try Scratch()
        do { _ = try scratch.open() }
        try AuditTests.tamper(scratch, "PRAGMA user_version = 2")
        let error = #expect(throws: EventLogError.newer(path: scratch.log.string, version: 2, known: 1)) {
            try scratch.open()
        }
        #expect(error?.description.contains("use a newer reel") == true)
        #expect(error?.kind.exitCode == 1)
    }

    @Test("A database of something else is refused")
    func foreign() throws {
        let scratch = try Scratch()
        try AuditTests.tamper(scratch, "CREATE TABLE theirs (x)")
        #expect(throws: EventLogError.foreign(path: scratch.log.string)) { try scratch.open() }
    }

    @Test("What is no database is damage, exit code 12")
    func noDatabase() throws {
        let scratch = try Scratch()
        try Data(repeating: 0x41, count: 9000).write(to: URL(filePath: scratch.log.string))
        let error = #expect(throws: EventLogError.self) { try scratch.open() }
        #expect(error?.kind.exitCode == 12)
    }

    @Test("Where there is no log, reading makes none")
    func absent() throws {
        let scratch = try Scratch()
        #expect(throws: EventLogError.absent(path: scratch.log.string)) { try scratch.open(creating: false) }
        #expect(!FileManager.default.fileExists(atPath: scratch.log.string))
        #expect(throws: EventLogError.absent(path: scratch.log.string)) { try EventLog.audit(root: scratch.root) }
    }

    @Test("Many who open at once make one log")
    func race() async throws {
        for _ in 0..<10 {
            let scratch = try Scratch()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let log = try scratch.open()
                        log.append(.fallback(Fallback(subject: "a", reason: "b")), build: nil)
                        try await log.flush()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try scratch.open().count() == 8)
        }
    }

    @Test("The file says what it is: STRICT, WAL, FULL, reel's application id")
    func header() throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        try log.reader.access { database in
            #expect(try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal")
            #expect(try Int.fetchOne(database, sql: "PRAGMA application_id") == 0x7265_656C)
            #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == 1)
            #expect(try Int.fetchOne(database, sql: "PRAGMA page_size") == LogPages.pageSize)
            let strict = try Int.fetchOne(database, sql: "SELECT strict FROM pragma_table_list('events')")
            #expect(strict == 1)
        }
    }
}
