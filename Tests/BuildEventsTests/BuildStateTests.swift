// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventSamples
import Testing

@testable import BuildEvents

@Suite struct BuildStateTests {
    @Test("Folding the stored events gives the live state", arguments: UInt64(1)...40)
    func storedEqualsLive(seed: UInt64) throws {
        var history = RandomHistory(seed: seed)
        var live: [BuildID: BuildState] = [:]
        var stored: [BuildID: [StoredEvent]] = [:]
        for (index, entry) in history.events(600).enumerated() {
            guard let build = entry.build else { continue }
            let time = Timestamp(nanoseconds: Int64(index) * 1000)
            live[build, default: BuildState()].apply(entry.event, at: time)
            stored[build, default: []].append(
                StoredEvent(RecordedEvent(seq: Int64(index + 1), build: build, time: time, event: entry.event))
            )
        }
        #expect(live.count > 5)
        for (build, state) in live {
            let lines = try stored[build, default: []].map { try StoredEvent(line: $0.canonicalBytes).recorded() }
            #expect(BuildState(folding: lines) == state)
        }
    }

    @Test("A step goes from its key to its end")
    func step() throws {
        let vertex = EventSamples.digest("v")
        var state = BuildState()
        func at(_ second: Int64) -> Timestamp { Timestamp(seconds: second) }
        let key = EventSamples.digest("k")
        state.apply(.stepKeyed(StepKeyed(vertex: vertex, name: "RUN x", key: key, preimage: key)), at: at(1))
        #expect(state.step(of: vertex)?.phase == .keyed)
        state.apply(.stepStarted(StepStarted(vertex: vertex, key: key, operation: "exec")), at: at(2))
        state.apply(.secretUsed(SecretUsed(vertex: vertex, id: "token")), at: at(2))
        #expect(state.step(of: vertex)?.phase == .running)
        state.apply(.stepOutput(StepOutput(vertex: vertex, blob: key, bytes: 3)), at: at(3))
        let result = EventSamples.result(on: nil, "a")
        state.apply(.stepFinished(StepFinished(vertex: vertex, key: key, results: [result])), at: at(4))
        let step = try #require(state.step(of: vertex))
        #expect(step.phase == .finished)
        #expect(step.results == [result])
        #expect(step.secrets == ["token"])
        #expect(step.output?.bytes == 3)
        #expect((step.started, step.ended) == (at(2), at(4)))
        #expect(state.outcome == .running)
        state.apply(.buildFinished(BuildFinished(results: [:], image: nil)), at: at(5))
        #expect(state.outcome == .finished(BuildFinished(results: [:], image: nil)))
        #expect((state.started, state.latest) == (at(1), at(5)))
    }

    @Test("An export that never ended shows as begun")
    func exports() {
        var state = BuildState()
        let first = ExportStarted(exporter: "oci", options: [:])
        let second = ExportStarted(exporter: "local", options: [:])
        let end = ExportFinished(exporter: "local", digests: [:], names: [])
        for event in [BuildEvent.exportStarted(first), .exportStarted(second), .exportFinished(end)] {
            state.apply(event, at: Timestamp(seconds: 0))
        }
        #expect(state.exports == [ExportState(started: first), ExportState(started: second, finished: end)])
    }
}
