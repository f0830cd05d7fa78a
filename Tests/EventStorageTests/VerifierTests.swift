// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import Foundation
import SystemPackage
import Testing

@testable import EventStorage

/// `Docs/verify/verify.py`, which knows nothing of our code, against what our code writes.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/python3"), "python3 is not installed"))
struct VerifierTests {
    private let scratch: Scratch
    private let signer: NoteSigner
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Docs/verify/verify.py").path

    init() throws {
        scratch = try Scratch()
        signer = try NoteSigner(name: "reel.example", seed: Array(7..<39))
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = scratch.root.appending(name).string
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private func verify(_ arguments: String...) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [Self.script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    private func note(_ log: EventLog, _ size: Int64) throws -> String {
        Checkpoint(origin: "example.org/log", head: try log.head(size: size)).note(signedBy: [signer]).encoded
    }

    @Test("It is short, and says how it is used")
    func usage() throws {
        let lines = try String(contentsOfFile: Self.script, encoding: .utf8).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        #expect(lines.count <= 151)
        #expect(try verify().code == 1)
    }

    @Test("It accepts a build's events with their proofs, and no change of any of them")
    func events() async throws {
        _ = try await AuditTests.fill(scratch, events: 150)
        let log = try scratch.open()
        let build = try #require(try log.builds().max { $0.steps < $1.steps }).id
        let stored = try log.storedEvents(of: build)
        let size = try log.count() - 3
        let included = stored.filter { $0.seq <= size }
        let lines = included.map { String(decoding: $0.canonicalBytes, as: UTF8.self) + "\n" }.joined()
        let list = try included.map { try log.inclusionProof(of: $0.seq, size: size).json }
        let proofs = try file("proofs.json", JSONValue.array(list).canonicalText)
        let good = try file("events.jsonl", lines)
        let checkpoint = try file("note", note(log, size))
        let key = try file("key", signer.verifier.text + "\n")
        #expect(try verify("events", good, proofs, checkpoint, "--key", key).code == 0)
        #expect(try verify("events", good, proofs, checkpoint).code == 0)
        let other = try NoteSigner(name: "reel.example", seed: Array(0..<32)).verifier.text
        #expect(try verify("events", good, proofs, checkpoint, "--key", other).output.contains("did not sign"))

        let changed = [
            lines.replacing(#""time":1"#, with: #""time":2"#, maxReplacements: 1),
            lines.replacing(#""seq":"#, with: #""seq": "#, maxReplacements: 1),
            lines.split(separator: "\n").dropFirst().map { $0 + "\n" }.joined(), lines + "{}\n", lines + lines,
        ]
        for (number, text) in changed.enumerated() {
            #expect(text != lines)
            #expect(try verify("events", try file("bad", text), proofs, checkpoint).code == 12, "change \(number)")
        }
        let wrongProofs = try file("wrong.json", JSONValue.array(list).canonicalText.replacing("a", with: "b"))
        #expect(try verify("events", good, wrongProofs, checkpoint).code == 12)
        #expect(try verify("events", good, proofs, try file("later", note(log, size + 1))).code == 12)
        let forged = try note(log, size).replacing("example.org", with: "example.com")
        #expect(try verify("events", good, proofs, try file("forged", forged), "--key", key).code == 12)
    }

    @Test("It accepts a consistency proof between any two heads, and nothing else")
    func consistency() async throws {
        _ = try await AuditTests.fill(scratch, events: 40)
        let log = try scratch.open()
        for (from, to) in [(1, 2), (1, 40), (3, 7), (4, 8), (6, 41), (16, 33), (32, 41), (41, 41)] as [(Int64, Int64)] {
            let (older, newer) = (try file("older", note(log, from)), try file("newer", note(log, to)))
            let proof = try log.consistencyProof(from: from, to: to)
            let path = try file("proof", proof.json.canonicalText)
            let key = signer.verifier.text
            #expect(try verify("consistency", older, newer, path, "--key", key).code == 0, "\(from) \(to)")
            var wrong = proof
            if wrong.path.isEmpty {
                wrong.path = [EventSamples.digest("x")]
            } else {
                wrong.path[0] = EventSamples.digest("x")
            }
            #expect(try verify("consistency", older, newer, try file("bad", wrong.json.canonicalText)).code == 12)
            if from < to { #expect(try verify("consistency", newer, older, path).code == 12) }
        }
    }
}
