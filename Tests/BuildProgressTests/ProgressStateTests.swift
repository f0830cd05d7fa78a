// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Testing

@testable import BuildProgress

@Suite("The state of a build as its events tell it")
struct ProgressStateTests {
    @Test("Steps pass from waiting to their end, with times and sizes")
    func steps() throws {
        var state = ProgressState()
        state.apply(Script.started, at: Script.at(0))
        state.apply(Script.loaded(4), at: Script.at(1))
        state.apply(Script.keyed(1, "[a 1/2] RUN x"), at: Script.at(10))
        #expect(state[.step(Script.vertex(1))]?.status == .waiting)
        state.apply(Script.running(1), at: Script.at(20))
        state.apply(output: Array("hi\n".utf8), of: Script.vertex(1), elapsed: 5)
        #expect(state[.step(Script.vertex(1))]?.nanoseconds(at: Script.at(520)) == 500_000_000)
        state.apply(Script.finished(1, size: 700), at: Script.at(620))
        state.apply(Script.keyed(2, "[a 2/2] RUN y"), at: Script.at(630))
        state.apply(Script.reused(2, producer: 17), at: Script.at(631))
        state.apply(Script.keyed(3, "RUN z"), at: Script.at(640))
        state.apply(Script.failed(3, "no"), at: Script.at(650))
        let first = try #require(state[.step(Script.vertex(1))])
        #expect(first.status == .finished(nanoseconds: 600_000_000))
        #expect(first.bytes == 700)
        #expect(first.tail.last(3).map(\.text) == ["hi"])
        #expect(state[.step(Script.vertex(2))]?.producer == 17)
        #expect(state[.step(Script.vertex(3))]?.status == .failed(nanoseconds: 0, message: "no"))
        let counts = state.counts
        #expect((counts.known, counts.reused, counts.ran, counts.failed, counts.running) == (3, 1, 1, 1, 0))
        #expect(state.vertices == 4)
        #expect(state.tags == ["hello:1"])
    }

    @Test("A source that the frontend and the graph both resolve is one item, and a moved pin is said")
    func sources() throws {
        var state = ProgressState()
        let identifier = "docker-image://docker.io/library/debian:12"
        for time in [Int64(1), 2] {
            state.apply(.sourceResolving(SourceResolving(vertex: nil, identifier: identifier)), at: Script.at(time))
            let event = SourceResolved(
                identifier: identifier,
                type: "image",
                pin: "sha256:0123456789abcdef",
                how: "store",
                movedFrom: "old"
            )
            state.apply(.sourceResolved(event), at: Script.at(time))
        }
        #expect(state.items.count == 1)
        #expect(state.items.first?.detail == "sha256:0123456789ab (moved from old)")
        for event in Script.context(files: 1, bytes: 9) { state.apply(event, at: Script.at(3)) }
        #expect(state.items.last?.detail == "1 file")
        #expect(state.items.last?.bytes == 9)
    }

    @Test("A name and the same name with its digest are one source")
    func pinnedNames() {
        var state = ProgressState()
        var plain = PlainText()
        var text = ""
        let name = "docker-image://docker.io/library/debian:12"
        for identifier in [name, name + "@sha256:0123"] {
            let resolving = BuildEvent.sourceResolving(SourceResolving(vertex: nil, identifier: identifier))
            let pinned = SourceResolved(identifier: identifier, type: "image", pin: "sha256:0123", how: "store")
            for event in [resolving, .sourceResolved(pinned)] {
                state.apply(event, at: Script.at(1))
                text += plain.text(for: event, at: Script.at(1))
            }
        }
        #expect(state.items.count == 1)
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test("Two exports of one kind are two items; warnings and skipped stages are kept in order")
    func exports() {
        var state = ProgressState()
        for size in [Int64(10), 20] {
            state.apply(.exportStarted(ExportStarted(exporter: "oci", options: [:])), at: Script.at(size))
            let event = ExportFinished(exporter: "oci", digests: [:], names: [], happened: ["bytes": .integer(size)])
            state.apply(.exportFinished(event), at: Script.at(size + 5))
        }
        #expect(state.items.map(\.bytes) == [10, 20])
        state.apply(.fallback(Fallback(subject: "a", reason: "b")), at: Script.at(1))
        state.apply(.contextSkipped(ContextSkipped(name: "context", path: "s", reason: "socket")), at: Script.at(1))
        state.apply(.stepSkipped(StepSkipped(name: "stage 'x'", reason: "unused")), at: Script.at(1))
        #expect(state.warnings == ["a: b", "s is not part of the context 'context': socket"])
        #expect(state.skipped == ["stage 'x': unused"])
    }
}
