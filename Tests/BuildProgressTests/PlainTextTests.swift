// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Testing

@testable import BuildProgress

@Suite("Plain progress")
struct PlainTextTests {
    @Test("A build reads as BuildKit's plain form does, with parts of two steps told apart")
    func transcript() {
        var plain = PlainText()
        var text = plain.text(for: Script.started, at: Script.at(0))
        for event in Script.context(files: 20_000, bytes: 80_000_000) {
            text += plain.text(for: event, at: Script.at(300))
        }
        text += plain.text(for: Script.keyed(1, "[a 1/1] RUN x"), at: Script.at(300))
        text += plain.text(for: Script.running(1), at: Script.at(301))
        text += plain.text(forOutput: Array("one\ntw".utf8), of: Script.vertex(1), elapsed: 1_000_000)
        text += plain.text(for: Script.keyed(2, "[b 1/1] RUN y"), at: Script.at(310))
        text += plain.text(for: Script.reused(2), at: Script.at(311))
        text += plain.text(forOutput: Array("o\n".utf8), of: Script.vertex(1), elapsed: 12_000_000)
        text += plain.text(forOutput: Array("rest".utf8), of: Script.vertex(1), elapsed: 13_000_000)
        text += plain.text(for: Script.failed(1, "exit code 3"), at: Script.at(401))
        text += plain.text(for: .fallback(Fallback(subject: "x", reason: "y")), at: Script.at(402))
        let expected = """
            #1 [internal] load context context
            #1 20,000 files, 80.0MB, \(Script.vertex(90))
            #1 pinned \(Script.vertex(90))
            #1 DONE 0.0s

            #2 [a 1/1] RUN x
            #2 0.001 one
            #2 ...

            #3 [b 1/1] RUN y
            #3 CACHED

            #2 [a 1/1] RUN x
            #2 0.012 two
            #2 0.100 rest
            #2 ERROR: exit code 3

            #4 WARN: x: y


            """
        #expect(text == expected)
    }

    @Test("However output is cut, no line of it is lost or doubled", arguments: 1...20)
    func output(seed: UInt64) {
        var random = Lehmer(state: seed)
        let lines = (0..<300).map { "\($0)" }
        let whole = Array(lines.map { $0 + "\n" }.joined().utf8)
        var plain = PlainText()
        var text = plain.text(for: Script.keyed(1, "x"), at: Script.at(0))
        var at = 0
        while at < whole.count {
            let end = min(whole.count, at + 1 + Int(random.next() % 40))
            text += plain.text(forOutput: Array(whole[at..<end]), of: Script.vertex(1), elapsed: 0)
            at = end
        }
        #expect(text == "#1 x\n" + lines.map { "#1 0.000 \($0)\n" }.joined())
    }

    @Test("Exports name their digests")
    func exports() {
        var plain = PlainText()
        var text = plain.text(for: .exportStarted(ExportStarted(exporter: "oci", options: [:])), at: Script.at(0))
        let event = ExportFinished(
            exporter: "oci",
            digests: ["manifest": Script.vertex(1)],
            names: ["docker.io/library/a:1"]
        )
        text += plain.text(for: .exportFinished(event), at: Script.at(1500))
        #expect(
            text
                == "#1 exporting to oci\n#1 manifest \(Script.vertex(1))\n#1 naming to docker.io/library/a:1\n#1 DONE 1.5s\n\n"
        )
    }

    @Test("Raw lines are the events, readable back")
    func raw() throws {
        let event = Script.keyed(1, "RUN \"x\"")
        let line = EventLine.text(for: event, at: Script.at(5))
        let json = try JSONValue(parsing: Array(line.utf8.dropLast()))
        #expect(json["kind"]?.text == "step.keyed")
        #expect(json["time"]?.text == "1970-01-01T00:00:00.005000000Z")
        let body = try #require(json["body"])
        #expect(try BuildEvent(kind: "step.keyed", version: 1, body: body) == event)
        #expect(
            EventLine.text(forOutput: [0xFF, 0x0A], stream: 2, of: Script.vertex(1), elapsed: 7)
                == #"{"elapsed":7,"hex":"ff0a","output":"stderr","vertex":"\#(Script.vertex(1))"}"# + "\n"
        )
    }
}
