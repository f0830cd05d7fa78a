// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import Testing

@testable import EventStorage

/// The promises in numbers: `REEL_MEASURE=1000000` measures with that many events, which takes a minute.
@Suite(.serialized) struct MeasureTests {
    private static let events = ProcessInfo.processInfo.environment["REEL_MEASURE"].flatMap(Int.init)

    private static func processorSeconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

    private func seconds(_ name: String, _ work: () async throws -> Void) async rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let used = Self.processorSeconds()
        try await work()
        let (whole, fraction) = (clock.now - start).components
        let seconds = Double(whole) + Double(fraction) * 1e-18
        print("measured: \(name): \(seconds) s, of the processor \(Self.processorSeconds() - used) s")
        return seconds
    }

    @Test("A log of many events", .enabled(if: events != nil, "set REEL_MEASURE to a number of events"))
    func many() async throws {
        let count = try #require(Self.events)
        let scratch = try Scratch()
        var history = RandomHistory(seed: 5)
        let entries = history.events(count)
        do {
            let log = try scratch.open()
            let taken = try await seconds("append and flush \(count)") {
                for entry in entries { log.append(entry.event, build: entry.build) }
                try await log.flush()
            }
            #expect(Double(count) / taken > 50_000)
        }
        var opened: EventLog?
        #expect(try await seconds("open") { opened = try scratch.open() } < 0.005)
        let log = try #require(opened)
        #expect(try await seconds("rebuild") { try log.rebuildIndex() } < 20)
        _ = try await seconds("lookup") { _ = try await log.result(forKey: EventSamples.digest("key 1")) }
        _ = try await seconds("lookup again") { _ = try await log.result(forKey: EventSamples.digest("key 2")) }
        _ = try await seconds("builds, all") { print("builds:", try log.builds().count) }
        var filter = BuildFilter()
        filter.limit = 100
        #expect(try await seconds("builds, newest 100") { _ = try log.builds(filter) } < 0.1)
        filter.target = "t1"
        filter.status = [.failed]
        filter.tag = "app:1"
        filter.since = Timestamp(seconds: 0)
        #expect(try await seconds("builds, filtered") { _ = try log.builds(filter) } < 0.1)
        _ = try await seconds("proof") { _ = try log.inclusionProof(of: 5, size: Int64(count)) }
    }

    @Test("A cached build of 20 steps", .enabled(if: events != nil, "set REEL_MEASURE to a number of events"))
    func cached() async throws {
        let scratch = try Scratch()
        for round in 0..<4 {
            _ = try await seconds("round \(round)") {
                let log = try scratch.open()
                log.warmUp()
                let build = EventSamples.build(round)
                log.append(EventSamples.everyKind[0], build: build)
                for step in 0..<20 {
                    let key = EventSamples.digest("key \(step)")
                    log.append(.stepKeyed(StepKeyed(vertex: key, name: "n", key: key, preimage: key)), build: build)
                    if let known = try await log.result(forKey: key) {
                        let reused = StepReused(
                            vertex: key,
                            key: key,
                            producer: known.producer,
                            origin: "local",
                            results: known.results
                        )
                        log.append(.stepReused(reused), build: build)
                    } else {
                        let result = EventSamples.result(on: nil, "\(step)")
                        log.append(.stepFinished(StepFinished(vertex: key, key: key, results: [result])), build: build)
                    }
                }
                log.append(.buildFinished(BuildFinished(results: [:], image: nil)), build: build)
                try await log.flush()
            }
        }
    }
}
