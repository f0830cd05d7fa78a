// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import SystemPackage
import Testing

@testable import EventStorage

@Suite struct AppendingTests {
    private static func note(_ text: String) -> BuildEvent { .fallback(Fallback(subject: text, reason: "r")) }

    @Test("What was appended and flushed is read back, in order, without gaps")
    func readsBack() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        var history = RandomHistory(seed: 1)
        let entries = history.events(3000)
        for entry in entries { log.append(entry.event, build: entry.build) }
        try await log.flush()
        let again = try scratch.open()
        for reader in [log, again] {
            let events = try reader.events()
            #expect(events.map(\.seq) == Array(1...3000))
            #expect(events.map(\.event) == entries.map(\.event))
            #expect(events.map(\.build) == entries.map(\.build))
            #expect(try reader.count() == 3000)
            #expect(try reader.event(17) == events[16])
            #expect(try reader.event(3001) == nil)
            #expect(try reader.events(after: 2990).map(\.seq) == Array(2991...3000))
            #expect(try reader.events(after: 5, limit: 3).map(\.seq) == [6, 7, 8])
        }
        for build in Set(entries.compactMap(\.build)) {
            let mine = try log.events(of: build)
            #expect(mine.map(\.event) == entries.filter { $0.build == build }.map(\.event))
        }
    }

    @Test("Many logs on one file append at once: no gap, nothing lost, each one's order kept")
    func concurrentAppenders() async throws {
        let scratch = try Scratch()
        let (appenders, each) = (6, 400)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for appender in 0..<appenders {
                group.addTask {
                    let log = try scratch.open()
                    for number in 0..<each {
                        log.append(Self.note("\(appender) \(number)"), build: EventSamples.build(appender))
                        if number % 50 == appender { try await log.flush() }
                    }
                    try await log.flush()
                }
            }
            try await group.waitForAll()
        }
        let events = try scratch.open().events()
        #expect(events.map(\.seq) == Array(1...Int64(appenders * each)))
        for appender in 0..<appenders {
            let mine = events.filter { $0.build == EventSamples.build(appender) }
            #expect(mine.map(\.event) == (0..<each).map { Self.note("\(appender) \($0)") })
        }
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("Flushing is not cancelled: a cancelled build still records that it was")
    func cancelledFlush() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        let task = Task {
            try? await Task.sleep(for: .seconds(60))
            log.append(.buildCancelled(BuildCancelled(reason: "interrupt")), build: EventSamples.build(1))
            try await log.flush()
            return Task.isCancelled
        }
        task.cancel()
        #expect(try await task.value)
        #expect(try scratch.open().count() == 1)
    }

    @Test("A processes' kill loses no event that was flushed", arguments: 0..<10)
    func killed(round: Int) async throws {
        let scratch = try Scratch()
        let root = scratch.root.string
        await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, round = round as Int] in
            try await KilledAppender.run(root: root, seed: UInt64(round))
        }
        let told = try #require(
            Int64(String(contentsOfFile: root + "/told", encoding: .utf8).split(separator: "\n").last ?? "")
        )
        let log = try scratch.open()
        let events = try log.events()
        #expect(Int64(events.count) >= told)
        #expect(events.map(\.seq) == Array(1...Int64(max(events.count, 1))).prefix(events.count).map { $0 })
        for (number, event) in events.enumerated() { #expect(event.event == Self.note("\(number)")) }
        log.append(Self.note("after"), build: nil)
        try await log.flush()
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("Processes that append at once leave no gap", .timeLimit(.minutes(2)))
    func processes() async throws {
        let scratch = try Scratch()
        let root = scratch.root.string
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    await #expect(processExitsWith: .success) { [root = root as String, number = number as Int] in
                        let log = try EventLog.open(root: FilePath(root), clock: SystemWallClock())
                        for each in 0..<300 {
                            log.append(.fallback(Fallback(subject: "\(number)", reason: "\(each)")), build: nil)
                            if each % 20 == 0 { try await log.flush() }
                        }
                        try await log.flush()
                    }
                }
            }
        }
        let events = try scratch.open().events()
        #expect(events.map(\.seq) == Array(1...1200))
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("A full disk is told by every flush from then on, and the log stays sound")
    func failure() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        log.append(Self.note("kept"), build: nil)
        try await log.flush()
        try AuditTests.tamper(
            scratch,
            "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'full'); END"
        )
        log.append(Self.note("lost"), build: nil)
        await #expect(throws: EventLogError.self) { try await log.flush() }
        log.append(Self.note("lost too"), build: nil)
        await #expect(throws: EventLogError.self) { try await log.flush() }
        try AuditTests.tamper(scratch, "DROP TRIGGER full")
        let again = try scratch.open()
        #expect(try again.events().map(\.event) == [Self.note("kept")])
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("Following a build gives what is there, then what comes, and ends with it", .timeLimit(.minutes(1)))
    func follow() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        let build = EventSamples.build(1)
        log.append(Self.note("1"), build: build)
        log.append(Self.note("of another"), build: EventSamples.build(2))
        try await log.flush()
        let follower = Task {
            var seen: [BuildEvent] = []
            for try await event in try scratch.open().follow(build) { seen.append(event.event) }
            return seen
        }
        try await Task.sleep(for: .milliseconds(120))
        let end = BuildEvent.buildCancelled(BuildCancelled(reason: "interrupt"))
        log.append(Self.note("2"), build: build)
        log.append(end, build: build)
        try await log.flush()
        #expect(try await follower.value == [Self.note("1"), Self.note("2"), end])
    }
}

/// A process that appends and tells what is durable until it kills itself.
enum KilledAppender {
    static func run(root: String, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let log = try EventLog.open(root: FilePath(root), clock: SystemWallClock())
        let told = try FileDescriptor.open(
            FilePath(root + "/told"),
            .writeOnly,
            options: [.create, .append],
            permissions: [.ownerReadWrite]
        )
        try told.writeAll("0\n".utf8)
        let wait = UInt32.random(in: 1000...60_000, using: &random)
        Thread.detachNewThread {
            usleep(wait)
            kill(getpid(), SIGKILL)
        }
        for number in 0... {
            log.append(.fallback(Fallback(subject: "\(number)", reason: "r")), build: nil)
            guard number % 7 == 0 else { continue }
            try await log.flush()
            try told.writeAll("\(number + 1)\n".utf8)
        }
    }
}
