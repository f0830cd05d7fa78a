// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import Testing

@testable import Commands

@Suite("The log, as it is")
struct LogTests {
    @Test("Events are listed newest first with their leaves, across pages")
    func list() async throws {
        let bench = try Bench()
        let log = try bench.log()
        for number in 0..<2500 { log.append(.fallback(Fallback(subject: "\(number)", reason: "r")), build: nil) }
        try await log.flush()
        let listed = try Bench.json(await bench.run("log", "ls", "--json").output)
        #expect(listed.map { $0["seq"]?.integer } == (1...2500).reversed().map { Int64($0) })
        #expect(listed.allSatisfy { $0["id"] == $0["seq"] })
        let stored = try log.storedEvents(limit: 1)
        #expect(listed.last?["leaf"]?.text == stored.first?.leaf.description)
        let some = try Bench.json(await bench.run("log", "ls", "--json", "--after", "1490", "-n", "1005").output)
        #expect(some.map { $0["seq"]?.integer } == (1496...2500).reversed().map { Int64($0) })
        #expect(await bench.run("log", "ls", "--after", "2500").output.isEmpty)
        #expect(await bench.run("log", "ls", "--kind", "step.").output.isEmpty)
        #expect(await bench.run("log", "ls", "--kind", "fall", "-n", "3").output.split(separator: "\n").count == 3)
    }

    @Test("Raw lines are the canonical bytes, from which the leaf follows")
    func raw() async throws {
        let bench = try Bench()
        let log = try bench.log()
        try await Story.write(to: log)
        let lines = await bench.run("log", "ls", "--raw", Story.id(1).description).output.split(separator: "\n")
        let stored = try log.storedEvents(of: Story.id(1))
        #expect(lines.count == stored.count)
        for (line, event) in zip(lines, stored.reversed()) {
            #expect(try StoredEvent(line: Array(line.utf8)) == event)
            #expect(ContentDigest(of: [0] + Array(line.utf8)) == event.leaf)
        }
    }

    @Test("Following a build gives its events in order and ends with it", .timeLimit(.minutes(1)))
    func follow() async throws {
        let bench = try Bench()
        let log = try bench.log()
        let events = Story.events(tag: "a:1")
        for event in events.prefix(3) { log.append(event, build: Story.id(0)) }
        try await log.flush()
        async let followed = bench.run("log", "ls", "--json", "--follow", Story.id(0).description)
        try await Task.sleep(for: .milliseconds(100))
        for event in events.dropFirst(3) {
            log.append(event, build: Story.id(0))
            try await log.flush()
        }
        let listed = try await Bench.json(followed.output)
        #expect(listed.map { $0["kind"]?.text } == events.map(\.kind))
    }

    @Test("Rebuilding the index changes nothing that can be asked")
    func rebuild() async throws {
        let bench = try Bench()
        try await Story.write(to: bench.log())
        let before = await bench.run("history", "ls", "--json").output
        let rebuilt = try Bench.json(await bench.run("log", "rebuild", "--json").output)
        #expect(rebuilt.first?["events"]?.integer == Int64(Story.events(tag: "").count * 2 + 6))
        #expect(await bench.run("history", "ls", "--json").output == before)
    }
}
