// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import SystemPackage
import Testing

@testable import EventStorage

@Suite struct SalvageTests {
    @Test("Events beside a damaged one are kept with their seq and leaf; the log says which one is lost")
    func oneLost() async throws {
        let scratch = try Scratch()
        let events = try await AuditTests.fill(scratch)
        let leaves = try scratch.open().storedEvents().map(\.leaf)
        try AuditTests.tamper(
            scratch,
            "DROP TRIGGER events_stay",
            "UPDATE events SET body = body || ' ' WHERE seq = 20"
        )
        let salvage = try EventLog.salvage(root: scratch.root, clock: scratch.clock)
        #expect(salvage.lost == [20...20])
        #expect(salvage.kept == Int64(events.count - 1))
        let log = try scratch.open()
        let after = try log.storedEvents()
        #expect(after.count == events.count + 1)
        for (index, leaf) in leaves.enumerated() where index != 19 { #expect(after[index].leaf == leaf) }
        #expect(after[19].kind == "log.recovered")
        guard case .logRecovered(let last)? = try log.events().last?.event else {
            Issue.record("the log does not end in log.recovered")
            return
        }
        #expect(last.lost == ["20"])
        #expect(last.kept == salvage.kept)
        let audit = try EventLog.audit(root: scratch.root)
        #expect(audit.findings == [])
        #expect(audit.recovered == [20...20, Int64(after.count)...Int64(after.count)])
        #expect(FileManager.default.fileExists(atPath: salvage.damaged.appending("log.sqlite").string))
    }

    @Test("Whole pages may be gone, the header included")
    func pages() async throws {
        for page in [0, 1, 2, 5, 9] {
            let scratch = try Scratch()
            let events = try await AuditTests.fill(scratch)
            try AuditTests.tamper(scratch, "PRAGMA wal_checkpoint(TRUNCATE)")
            var bytes = try Data(contentsOf: URL(filePath: scratch.log.string))
            for offset in page * 4096..<(page + 1) * 4096 { bytes[offset] = 0xA5 }
            try bytes.write(to: URL(filePath: scratch.log.string))
            #expect(!(try EventLog.audit(root: scratch.root).findings.isEmpty))
            let salvage = try EventLog.salvage(root: scratch.root, clock: scratch.clock)
            let lost = salvage.lost.reduce(0) { $0 + $1.count }
            #expect(lost < 40)
            #expect(Int(salvage.kept) + lost <= events.count)
            let after = try scratch.open().events()
            let kept = after.filter { if case .logRecovered = $0.event { false } else { true } }
            for event in kept { #expect(event == events[Int(event.seq) - 1]) }
            #expect(try EventLog.audit(root: scratch.root).findings == [])
        }
    }

    @Test("A log that somebody holds open is left alone")
    func inUse() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        #expect(throws: EventLogError.inUse(path: scratch.log.string)) {
            try EventLog.salvage(root: scratch.root, clock: scratch.clock)
        }
        log.append(.fallback(Fallback(subject: "a", reason: "b")), build: nil)
        try await log.flush()
    }

    @Test("A sound log comes out whole, large bodies and a full write-ahead log included")
    func sound() async throws {
        let scratch = try Scratch()
        do {
            let log = try scratch.open()
            for size in [0, 3000, 4000, 4096, 9000, 100_000] {
                let text = String(repeating: "x", count: size)
                log.append(.fallback(Fallback(subject: text, reason: "r")), build: nil)
            }
            try await log.flush()
            let holder = try LogReader(path: scratch.log)
            _ = try holder.count()
            let salvageable = LogPages(
                file: try [UInt8](Data(contentsOf: URL(filePath: scratch.log.string))),
                writeAheadLog: try [UInt8](Data(contentsOf: URL(filePath: scratch.log.string + "-wal")))
            )
            #expect(RescuedEvents(salvageable).kept.count == 6)
        }
        let salvage = try EventLog.salvage(root: scratch.root, clock: scratch.clock)
        #expect(salvage.lost == [])
        #expect(salvage.kept == 6)
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("Where a rescue was cut short, no empty log is made")
    func neverEmpty() async throws {
        let scratch = try Scratch()
        _ = try await AuditTests.fill(scratch, events: 20)
        _ = try EventLog.salvage(root: scratch.root, clock: scratch.clock)
        try FileManager.default.removeItem(atPath: scratch.log.string)
        #expect(throws: EventLogError.self) { try scratch.open() }
    }

    @Test("Flipped bits are found and located, or change no event; a rescue keeps what is left")
    func flips() async throws {
        let rounds = ProcessInfo.processInfo.environment["REEL_FLIPS"].flatMap(Int.init) ?? 2000
        let scratch = try Scratch()
        let events = try await AuditTests.fill(scratch, events: 120)
        try AuditTests.tamper(scratch, "PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.removeItem(atPath: scratch.index.string)
        let original = try [UInt8](Data(contentsOf: URL(filePath: scratch.log.string)))
        var random = SeededGenerator(seed: 4)
        var found = 0
        for round in 0..<rounds {
            var bytes = original
            let offset = Int.random(in: 0..<bytes.count, using: &random)
            bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let flipped = try Scratch()
            try Data(bytes).write(to: URL(filePath: flipped.log.string))
            let findings = try EventLog.audit(root: flipped.root).findings
            let read = try? flipped.open().events()
            if findings.isEmpty {
                #expect(read == events, "byte \(offset) changes an event and is not found")
            } else {
                found += 1
            }
            guard round % 20 == 0 else { continue }
            let salvage = try EventLog.salvage(root: flipped.root, clock: flipped.clock)
            #expect(salvage.kept >= events.count - 1, "byte \(offset) costs \(salvage.lost)")
            #expect(try EventLog.audit(root: flipped.root).findings == [])
        }
        #expect(found > rounds / 4)
    }
}
