// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import GRDB
import SystemPackage
import Testing

@testable import EventStorage

@Suite struct ProjectionTests {
    /// All rows of the index, table by table.
    private static func dump(_ scratch: Scratch) throws -> [String: [String]] {
        let database = try DatabaseQueue(path: scratch.index.string)
        return try database.read { database in
            var tables: [String: [String]] = [:]
            for table in IndexSchema.tables {
                let rows = try Row.fetchAll(database, sql: "SELECT * FROM \(table.name) ORDER BY \(table.key)")
                tables[table.name] = rows.map { row in row.databaseValues.map(\.description).joined(separator: "|") }
            }
            return tables
        }
    }

    @Test("Brought up to date bit by bit or rebuilt whole, the tables are equal", arguments: UInt64(1)...12)
    func incrementalEqualsWhole(seed: UInt64) async throws {
        let scratch = try Scratch()
        var random = SeededGenerator(seed: seed)
        var history = RandomHistory(seed: seed)
        var log = try scratch.open()
        for _ in 0..<30 {
            for entry in history.events(Int.random(in: 1...60, using: &random)) {
                log.append(entry.event, build: entry.build)
            }
            try await log.flush()
            switch Int.random(in: 0..<4, using: &random) {
            case 0: _ = try log.builds()
            case 1: _ = try await log.result(forKey: EventSamples.digest("key 1"))
            case 2: log = try scratch.open()
            default: break
            }
        }
        _ = try log.images()
        let incremental = try Self.dump(scratch)
        #expect(incremental.values.allSatisfy { !$0.isEmpty || seed > 0 })
        #expect(try log.rebuildIndex() == log.count())
        #expect(try Self.dump(scratch) == incremental)
        try FileManager.default.removeItem(atPath: scratch.index.string)
        _ = try scratch.open().images()
        #expect(try Self.dump(scratch) == incremental)
        #expect(try EventLog.audit(root: scratch.root).findings == [])
    }

    @Test("A summary tells what folding the build's events tells", arguments: UInt64(1)...6)
    func summaries(seed: UInt64) async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        var history = RandomHistory(seed: seed)
        for entry in history.events(800) { log.append(entry.event, build: entry.build) }
        try await log.flush()
        let builds = try log.builds()
        #expect(builds.count > 5)
        #expect(builds.map(\.id) == builds.map(\.id).sorted(by: >))
        for build in builds {
            let events = try log.events(of: build.id)
            let state = BuildState(folding: events)
            #expect(build.options == state.request?.options)
            #expect(build.tags == state.request?.tags)
            #expect(build.started == events.first?.time)
            #expect(build.firstSeq == events.first?.seq)
            #expect(build.lastSeq == events.last?.seq)
            #expect(build.fallbacks == state.fallbacks.count)
            switch state.outcome {
            case .running: #expect(build.status == .running)
            case .finished(let payload):
                #expect(build.status == .finished)
                #expect(build.results == payload.results)
                #expect(build.image == payload.image)
            case .failed(let payload): #expect((build.status, build.error) == (.failed, payload.message))
            case .cancelled: #expect(build.status == .cancelled)
            }
            #expect(try log.build(matching: build.id.description) == build)
            #expect(try log.contexts(of: build.id) == state.contexts)
        }
    }

    @Test("Filters let through what they say")
    func filters() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        var history = RandomHistory(seed: 3)
        for entry in history.events(2000) { log.append(entry.event, build: entry.build) }
        try await log.flush()
        let all = try log.builds()
        let middle = try #require(all.dropFirst(all.count / 2).first)
        let table: [((inout BuildFilter) -> Void, (BuildSummary) -> Bool)] = [
            ({ $0.status = [.failed, .running] }, { [.failed, .running].contains($0.status) }),
            ({ $0.frontend = "llb" }, { $0.frontend == "llb" }), ({ $0.target = "t2" }, { $0.target == "t2" }),
            ({ $0.tag = "app:1" }, { $0.tags.contains("app:1") }),
            ({ $0.since = middle.started }, { $0.started >= middle.started }),
            ({ $0.until = middle.started }, { $0.started < middle.started }),
            ({ $0.of = middle.id }, { $0.of == middle.id }), ({ $0.status = [] }, { _ in false }),
            (
                {
                    $0.frontend = "dockerfile"
                    $0.status = [.finished]
                }, { $0.frontend == "dockerfile" && $0.status == .finished }
            ),
        ]
        for (set, expected) in table {
            var filter = BuildFilter()
            set(&filter)
            #expect(try log.builds(filter) == all.filter(expected))
            #expect(try log.buildIDs(filter) == all.filter(expected).map(\.id))
            filter.limit = 2
            #expect(try log.builds(filter) == Array(all.filter(expected).prefix(2)))
        }
    }

    @Test("A build is found by a prefix that is its own, or as the latest")
    func matching() async throws {
        let scratch = try Scratch()
        let log = try scratch.open()
        #expect(throws: EventLogError.unknownBuild("latest")) { try log.build(matching: "latest") }
        for number in 1...3 { log.append(EventSamples.everyKind[0], build: EventSamples.build(number * 40_000)) }
        try await log.flush()
        #expect(try log.build(matching: "latest").id == EventSamples.build(120_000))
        let id = EventSamples.build(80_000).description
        #expect(try log.build(matching: String(id.prefix(12)).uppercased()).id.description == id)
        let error = #expect(throws: EventLogError.self) { try log.build(matching: "01") }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains(id) == true)
        #expect(throws: EventLogError.unknownBuild("zz")) { try log.build(matching: "zz") }
        #expect(throws: EventLogError.ambiguousBuild("", candidates: [])) {
            do { _ = try log.build(matching: "") } catch EventLogError.ambiguousBuild {
                throw EventLogError.ambiguousBuild("", candidates: [])
            }
        }
    }

    @Test("An index that is damaged, of another version or of another log is made again; damage is said")
    func mending() async throws {
        for (name, said) in [("garbage", true), ("other", true), ("version", false), ("truncated", true)] {
            let scratch = try Scratch()
            _ = try await AuditTests.fill(scratch)
            let expected = try scratch.open().builds()
            switch name {
            case "garbage": try Data(repeating: 7, count: 20_000).write(to: URL(filePath: scratch.index.string))
            case "truncated":
                let bytes = try Data(contentsOf: URL(filePath: scratch.index.string))
                try bytes.prefix(8192).write(to: URL(filePath: scratch.index.string))
            case "version":
                let database = try DatabaseQueue(path: scratch.index.string)
                try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 77") }
                try database.close()
            default:
                let other = try Scratch()
                _ = try await AuditTests.fill(other, events: 200, seed: 77)
                try FileManager.default.removeItem(atPath: scratch.index.string)
                try FileManager.default.copyItem(atPath: other.index.string, toPath: scratch.index.string)
            }
            let log = try scratch.open()
            #expect(try log.builds() == expected, "\(name)")
            try await log.flush()
            let last = try log.events().last?.event
            if case .fallback(let payload)? = last, payload.subject == "index.sqlite" {
                #expect(said, "\(name)")
            } else {
                #expect(!said, "\(name)")
            }
        }
    }

    @Test("A damaged event stops the projection and is named; nothing is made up")
    func damagedEvent() async throws {
        let scratch = try Scratch()
        _ = try await AuditTests.fill(scratch)
        try AuditTests.tamper(
            scratch,
            "DROP TRIGGER events_stay",
            "UPDATE events SET body = '{\"is\":{}}' WHERE seq = 30"
        )
        let log = try scratch.open()
        for work in [{ _ = try log.rebuildIndex() }, { _ = try log.events() }, { _ = try log.event(30) }] {
            let error = #expect(throws: EventLogError.self) { try work() }
            #expect(error?.kind == .corrupt)
            #expect(error?.description.contains("event 30") == true)
        }
    }
}
