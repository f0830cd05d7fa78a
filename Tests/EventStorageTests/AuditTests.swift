// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import GRDB
import SystemPackage
import Testing

@testable import EventStorage

@Suite struct AuditTests {
    /// A closed log of random events, with a checkpoint among them, and an index.
    static func fill(_ scratch: Scratch, events: Int = 400, seed: UInt64 = 11) async throws -> [RecordedEvent] {
        let log = try scratch.open()
        var history = RandomHistory(seed: seed)
        for entry in history.events(events / 2) { log.append(entry.event, build: entry.build) }
        try await log.flush()
        let head = try log.head()
        log.append(.logCheckpointed(LogCheckpointed(size: head.size, root: head.root, note: head.root)), build: nil)
        for entry in history.events(events / 2) { log.append(entry.event, build: entry.build) }
        try await log.flush()
        try log.rebuildIndex()
        return try log.events()
    }

    /// Runs SQL as somebody would who holds the file.
    static func tamper(_ scratch: Scratch, _ statements: String...) throws {
        let database = try DatabaseQueue(path: scratch.log.string)
        try database.writeWithoutTransaction { database in
            for statement in statements { try database.execute(sql: statement) }
        }
        try database.close()
    }

    private static let unlock = "DROP TRIGGER events_stay; DROP TRIGGER events_remain; DROP TRIGGER events_follow"

    @Test("A sound log has no findings, and its head is recomputed")
    func sound() async throws {
        let scratch = try Scratch()
        let events = try await Self.fill(scratch)
        let audit = try EventLog.audit(root: scratch.root)
        #expect(audit.findings == [])
        #expect(audit.events == Int64(events.count))
        #expect(try audit.head == scratch.open().head())
    }

    @Test("The table refuses to be changed")
    func appendOnly() async throws {
        let scratch = try Scratch()
        _ = try await Self.fill(scratch)
        for statement in [
            "UPDATE events SET body = '{}' WHERE seq = 3", "DELETE FROM events WHERE seq = 3", "DELETE FROM nodes",
            "UPDATE nodes SET hash = hash", "INSERT OR REPLACE INTO events SELECT * FROM events WHERE seq = 3",
            "INSERT INTO events SELECT seq + 5000, build, kind, version, time, body, leaf FROM events WHERE seq = 3",
        ] {
            #expect(throws: DatabaseError.self, "\(statement)") { try Self.tamper(scratch, statement) }
        }
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test(
        "What somebody did to the file is found, and the place named",
        arguments: [
            ("\(unlock); UPDATE events SET body = '{\"is\":{}}' WHERE seq = 17", 17),
            ("\(unlock); UPDATE events SET time = time + 1 WHERE seq = 18", 18),
            ("\(unlock); UPDATE events SET build = '' WHERE seq = 1", 1),
            ("\(unlock); DELETE FROM events WHERE seq = 40", 40),
            ("\(unlock); UPDATE events SET leaf = zeroblob(32) WHERE seq = 44", 44),
            ("DROP TRIGGER nodes_stay; UPDATE nodes SET hash = zeroblob(32) WHERE number = 1", 1),
        ] as [(String, Int64)]
    )
    func edits(statement: String, seq: Int64) async throws {
        let scratch = try Scratch()
        _ = try await Self.fill(scratch)
        try Self.tamper(scratch, statement)
        let audit = try EventLog.audit(root: scratch.root)
        #expect(audit.findings.contains { $0.seqs?.contains(seq) == true && ($0.seqs?.count ?? 9) <= 2 })
        #expect(audit.findings.contains { $0.problem.contains("the log's schema lacks") })
    }

    @Test("A dropped trigger, a foreign table and another version are found")
    func schema() async throws {
        for (statement, words) in [
            ("DROP TRIGGER nodes_remain", "lacks 'nodes_remain'"),
            ("CREATE TABLE more (x)", "holds 'more'"),
            ("PRAGMA user_version = 9", "version 9"),
            ("PRAGMA application_id = 9", "no log of reel"),
        ] {
            let scratch = try Scratch()
            _ = try await Self.fill(scratch, events: 20)
            try Self.tamper(scratch, statement)
            let findings = try EventLog.audit(root: scratch.root).findings
            #expect(findings.contains { $0.description.contains(words) }, "\(statement): \(findings)")
        }
    }

    @Test("An index that differs from the log is found by table and key")
    func index() async throws {
        for statement in [
            "UPDATE result SET producer = producer + 1 WHERE key = (SELECT max(key) FROM result)",
            "DELETE FROM build WHERE id = (SELECT min(id) FROM build)",
            "INSERT INTO pin VALUES ('x', 'y', 'z', 1, NULL, 1)", "DELETE FROM blob_reference WHERE seq = 30",
        ] {
            let scratch = try Scratch()
            _ = try await Self.fill(scratch)
            let database = try DatabaseQueue(path: scratch.index.string)
            try await database.writeWithoutTransaction { try $0.execute(sql: statement) }
            try database.close()
            let findings = try EventLog.audit(root: scratch.root).findings
            let table = statement.split(separator: " ").first { $0.first?.isLowercase == true } ?? ""
            #expect(findings.count == 1 && findings[0].problem.contains("'\(table)'"), "\(statement): \(findings)")
            try scratch.open().rebuildIndex()
            #expect(try EventLog.audit(root: scratch.root).findings == [])
        }
    }

    @Test("A log that was cut off at the end is found by what the index has seen")
    func cutOff() async throws {
        let scratch = try Scratch()
        let events = try await Self.fill(scratch)
        let other = try Scratch()
        let log = try other.open()
        for event in events.dropLast(7) { log.append(event.event, build: event.build) }
        try await log.flush()
        try FileManager.default.removeItem(atPath: scratch.log.string)
        try Self.tamper(other, "VACUUM INTO '\(scratch.log)'")
        let findings = try EventLog.audit(root: scratch.root).findings
        #expect(findings.contains { $0.seqs == Int64(events.count - 6)...Int64(events.count) })
    }

    /// What a forger does who recomputes every hash, against an earlier checkpoint.
    @Test(
        "With an earlier checkpoint in hand, no forgery passes",
        arguments: ["edit", "delete", "reorder", "truncate", "splice", "recompute", "none"]
    )
    func forgeries(kind: String) async throws {
        let scratch = try Scratch()
        let events = try await Self.fill(scratch)
        let head = try scratch.open().head(size: 300)
        var forged = events.map { (build: $0.build, event: $0.event) }
        switch kind {
        case "edit": forged[100].event = .imageUntagged(ImageUntagged(name: "forged"))
        case "delete": forged.remove(at: 100)
        case "reorder": forged.swapAt(100, 101)
        case "truncate": forged.removeLast(forged.count - 299)
        case "splice":
            var history = RandomHistory(seed: 99)
            forged.replaceSubrange(50..<100, with: history.events(50).map { (build: $0.build, event: $0.event) })
        case "recompute": forged[299].build = nil
        default: break
        }
        let other = try Scratch()
        // Equal times for equal events: only what the forger changed differs.
        let log = try EventLog.open(root: other.root, clock: ReplayedClock(events.map(\.time)))
        for entry in forged { log.append(entry.event, build: entry.build) }
        try await log.flush()
        if kind != "truncate" { #expect(try log.count() >= 300) }
        let sound = try EventLog.audit(root: other.root).findings.filter { !$0.problem.contains("head") }
        #expect(sound == [], "the forger leaves a log that is sound in itself")
        let findings = try EventLog.findings(against: head, root: other.root)
        #expect(findings.isEmpty == (kind == "none"))
        #expect(try EventLog.findings(against: head, root: scratch.root) == [])
    }

    @Test("Proofs lead from events to heads, and from older heads to newer")
    func proofs() async throws {
        let scratch = try Scratch()
        let events = try await Self.fill(scratch, events: 100)
        let log = try scratch.open()
        let stored = try log.storedEvents()
        for size in [1, 2, 3, 50, 64, Int64(events.count)] {
            let head = try log.head(size: size)
            for seq in 1...size {
                let proof = try log.inclusionProof(of: seq, size: size)
                #expect(proof.isValid(root: head.root))
                #expect(proof.leaf == stored[Int(seq) - 1].leaf)
            }
            for from in 0...size {
                let older = try log.head(size: from)
                #expect(try log.consistencyProof(from: from, to: size).isValid(older: older.root, newer: head.root))
            }
        }
        let count = Int64(events.count)
        for wrong: (Int64, Int64) in [(0, 5), (6, 5), (1, count + 1), (1, 0)] {
            #expect(throws: EventLogError.self) { try log.inclusionProof(of: wrong.0, size: wrong.1) }
        }
        #expect(throws: EventLogError.self) { try log.consistencyProof(from: 1, to: count + 1) }
        #expect(throws: EventLogError.self) { try log.consistencyProof(from: 3, to: 2) }
        #expect(throws: EventLogError.self) { try log.head(size: -1) }
    }
}

/// Gives one time after the other.
struct ReplayedClock: WallClock {
    private final class Times: @unchecked Sendable {
        private let lock = NSLock()
        private var times: ArraySlice<Timestamp>
        init(_ times: [Timestamp]) { self.times = times[...] }
        func next() -> Timestamp { lock.withLock { times.popFirst() ?? Timestamp(seconds: 0) } }
    }
    private let times: Times

    init(_ times: [Timestamp]) { self.times = Times(times) }

    func now() -> Timestamp { times.next() }
}
