// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import Foundation
import Testing

@testable import Commands

@Suite("Checkpoints, proofs and rescue, as commands")
struct ProofCommandTests {
    private func bench() async throws -> Bench {
        let bench = try Bench()
        try await Story.write(to: bench.log())
        return bench
    }

    @Test("A key is made once, for its owner alone, and shows its other half")
    func keys() async throws {
        let bench = try await bench()
        let made = await bench.run("log", "key", "new", "build.example", "-o", "my.key")
        #expect(made.code == 0)
        let status = try FileManager.default.attributesOfItem(atPath: bench.folder + "/my.key")
        #expect(status[.posixPermissions] as? Int == 0o600)
        #expect(try NoteVerifier(parsing: String(made.output.dropLast())).name == "build.example")
        #expect(await bench.run("log", "key", "show", "my.key").output == made.output)
        let again = await bench.run("log", "key", "new", "build.example", "-o", "my.key")
        #expect(again.code == 2 && again.errors.contains("never overwritten"))
        #expect(await bench.run("log", "key", "new", "a b").code == 2)
        #expect(await bench.run("log", "key", "show").code == 2, "the data root has none of its own")
        #expect(await bench.run("log", "key", "new", "own.example").code == 0)
        let note = await bench.run("log", "checkpoint").output
        #expect(note.hasPrefix("own.example\n"))
        #expect(note.contains("\u{2014} own.example "))
    }

    @Test("A checkpoint is signed by the key that is given, noted in the log, and proved from")
    func checkpoint() async throws {
        let bench = try await bench()
        let key = await bench.run("log", "key", "new", "build.example", "-o", "my.key").output
        let log = try bench.log()
        let before = try log.head()
        #expect(await bench.run("log", "checkpoint", "--key", "my.key", "-o", "old").code == 0)
        let text = String(decoding: try InputFile.read(bench.folder + "/old", limit: 4096), as: UTF8.self)
        let note = try SignedNote(parsing: text)
        #expect(note.isSigned(by: try NoteVerifier(parsing: String(key.dropLast()))))
        #expect(try Checkpoint(parsing: note.text) == Checkpoint(origin: "build.example", head: before))
        #expect(try log.events().last?.event.kind == "log.checkpointed")
        let unsigned = await bench.run("log", "checkpoint", "-o", "new")
        #expect(unsigned.code == 0)

        let proof = try Bench.json(await bench.run("log", "prove", "--since", "old", "--checkpoint", "new").output)[0]
        let after = before.size + 1
        let consistency = ConsistencyProof(
            from: before.size,
            to: after,
            path: try (proof["path"]?.elements ?? []).map { try ContentDigest(parsing: $0.text ?? "") }
        )
        #expect(proof == consistency.json)
        #expect(try consistency.isValid(older: before.root, newer: log.head(size: after).root))
        let events = await bench.run("log", "prove", "--event", "3", "--event", "1", "--checkpoint", "new").output
        let proofs = try (JSONValue(parsing: events).elements ?? []).compactMap { InclusionProof(json: $0) }
        #expect(proofs.map(\.seq) == [1, 3])
        #expect(try proofs.allSatisfy { $0.isValid(root: try log.head(size: after).root) })
        #expect(await bench.run("audit", "--checkpoint", "old", "--verifier-key", String(key.dropLast())).code == 9)
        #expect(await bench.run("log", "prove", "--event", "0").code == 2)
        #expect(await bench.run("log", "prove", "--event", "999").code == 2)
        #expect(await bench.run("log", "prove").code == 2)
        #expect(await bench.run("log", "prove", "--event", "1", "--since", "old").code == 2)
    }

    @Test("Keys and checkpoints of the wrong kind are refused with one sentence and a code of their own")
    func wrong() async throws {
        let bench = try await bench()
        let key = await bench.run("log", "key", "new", "build.example", "-o", "my.key").output
        let other = await bench.run("log", "key", "new", "other.example", "-o", "other.key").output
        try bench.write(key, to: "public.key")
        try bench.write("-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n", to: "pem.key")
        for file in ["public.key", "pem.key"] {
            let refused = await bench.run("log", "checkpoint", "--key", file)
            #expect(refused.code == 2 && refused.errors.contains("Ed25519 note key"), "\(refused.errors)")
            #expect(refused.errors.split(separator: "\n").count == 1)
        }
        #expect(await bench.run("log", "checkpoint", "--key", "absent").code == 2)
        #expect(await bench.run("log", "checkpoint", "--key", "my.key", "-o", "note").code == 0)
        let unsigned = await bench.run("audit", "--checkpoint", "note", "--verifier-key", String(other.dropLast()))
        #expect(unsigned.code == 12 && unsigned.errors.contains("other.example did not sign"))
        let secret = await bench.run("audit", "--checkpoint", "note", "--verifier-key", "my.key")
        #expect(secret.code == 2)
        #expect(await bench.run("audit", "--verifier-key", String(key.dropLast())).code == 2)
        try bench.write("hello\n", to: "text")
        for words in [["audit", "--checkpoint", "text"], ["log", "prove", "--since", "text"]] {
            let refused = await bench.run(words)
            #expect(refused.code == 2 && refused.errors.contains("not three lines"), "\(refused.errors)")
        }

        let elsewhere = try Bench()
        let log = try elsewhere.log()
        for number in 0..<90 { log.append(.fallback(Fallback(subject: "\(number)", reason: "r")), build: nil) }
        try await log.flush()
        for size in [Int64(5), 90] {
            let note = Checkpoint(origin: "x", head: try log.head(size: size)).note(signedBy: [])
            try bench.write(note.encoded, to: "foreign")
            let refused = await bench.run("log", "prove", "--since", "foreign")
            #expect(refused.code == 12 && refused.errors.contains("of another log"), "\(refused.errors)")
            #expect(await bench.run("audit", "--checkpoint", "foreign").code == 12)
        }
    }

    @Test("Salvage keeps what verifies, names what is lost, and says so in the log")
    func salvage() async throws {
        let bench = try await bench()
        let count = try await { () async throws -> Int64 in
            let log = try bench.log()
            for number in 0..<200 {
                log.append(.fallback(Fallback(subject: "note \(1000 + number)", reason: "r")), build: nil)
            }
            try await log.flush()
            return try log.count()
        }()
        #expect(await bench.run("log", "checkpoint", "-o", "before").code == 0)
        let path = bench.root + "/log.sqlite"
        try checkpointWriteAheadLog(path)
        let bytes = try InputFile.read(path, limit: 1 << 24)
        let changed = bytes.replacing(Array("note 1123".utf8), with: Array("Note 1123".utf8))
        #expect(changed != bytes)
        try InputFile.write(changed, to: path)
        #expect(await bench.run("audit").code == 12)
        // The log above lets go of its file when its last reader ends.
        var salvage = await bench.run("log", "salvage", "--json")
        for _ in 0..<100 where salvage.code != 0 {
            try await Task.sleep(for: .milliseconds(50))
            salvage = await bench.run("log", "salvage", "--json")
        }
        let saved = try #require(Bench.json(salvage.output).first, "\(salvage.errors)")
        #expect(saved["kept"]?.integer == count, "the checkpoint's event is the one more, the changed one is lost")
        #expect(saved["lost"]?.elements?.count == 1)
        let audit = await bench.run("audit", "--json").output
        #expect(!audit.contains(#""subject":"log""#), "\(audit)")
        #expect(await bench.run("log", "ls", "--kind", "log.recovered").output.split(separator: "\n").count == 2)
        let past = await bench.run("audit", "--checkpoint", "before")
        #expect(past.code == 12, "a lost event shows against the past: \(past)")
        let absent = try Bench()
        #expect(await absent.run("log", "salvage").code == 9)
    }

    /// Takes what the write-ahead log holds into the file.
    private func checkpointWriteAheadLog(_ path: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)')"
        process.arguments = ["-c", script, path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
