// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import EventStorage
import Foundation
import Layers
import SystemPackage
import Testing

@testable import Audit

/// 100,000 seeded bit flips, over the log and over blobs; a twentieth of them without optimisation.
@Suite("Flipped bits", .serialized)
struct BitFlipTests {
    private static let share = _isDebugAssertConfiguration() ? 20 : 1

    /// The same numbers in every run.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
    }

    /// Flips one bit of a file in its place.
    private static func flip(_ file: FileDescriptor, at offset: Int64, bit: UInt8) throws {
        var byte: [UInt8] = [0]
        _ = try unsafe byte.withUnsafeMutableBytes { try unsafe file.read(fromAbsoluteOffset: offset, into: $0) }
        byte[0] ^= 1 << bit
        _ = try unsafe byte.withUnsafeBytes { try unsafe file.write(toAbsoluteOffset: offset, $0) }
    }

    @Test("In a blob: each is found, and the blob named", .timeLimit(.minutes(3)))
    func blobs() async throws {
        let site = try Site()
        let engine = try site.engine()
        _ = try await site.build(engine)
        let store = engine.layers.blobs
        let blobs = try store.all().filter { $0.size > 0 }
        #expect(blobs.count > 8)
        var random = Seeded(state: 5)
        for round in 0..<90_000 / Self.share {
            let blob = blobs[Int.random(in: blobs.indices, using: &random)]
            let (offset, bit) = (
                Int64.random(in: 0..<blob.size, using: &random), UInt8.random(in: 0..<8, using: &random)
            )
            let file = try FileDescriptor.open(store.path(blob.digest), .readWrite)
            try Self.flip(file, at: offset, bit: bit)
            let condition = try store.verify(blob.digest)
            #expect(condition != .intact && condition != .missing, "\(blob.digest), byte \(offset)")
            if round % 3000 == 0 {
                let audit = try await engine.audit()
                #expect(audit.findings.map(\.digest) == [blob.digest])
                #expect(audit.kind == .corrupt)
            }
            try Self.flip(file, at: offset, bit: bit)
            try file.close()
        }
        #expect(try await engine.audit().isSound)
    }

    @Test("In the log: each that changes an event is found, and the event named", .timeLimit(.minutes(5)))
    func log() async throws {
        let site = try Site()
        let events = try await { () async throws -> [StoredEvent] in
            let engine = try site.engine()
            _ = try await site.build(engine)
            return try engine.log.storedEvents()
        }()
        let root = FilePath(site.path("root"))
        let script = "import sqlite3; sqlite3.connect('root/log.sqlite').execute('PRAGMA wal_checkpoint(TRUNCATE)')"
        #expect(try site.run("/usr/bin/python3", "-c", script).code == 0)
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            try? FileManager.default.removeItem(atPath: site.path("root/" + name))
        }
        #expect(try EventLog.audit(root: root).findings == [])
        let bytes = try site.read("root/log.sqlite")
        // Where in the file the bodies and leaf hashes of the events are.
        var owners: [Int: Int64] = [:]
        for event in events {
            for part in [event.body, event.leaf.bytes] where part.count >= 32 && part.count < 3000 {
                guard let start = Self.place(of: part, in: bytes) else { continue }
                for offset in start..<start + part.count { owners[offset] = event.seq }
            }
        }
        #expect(owners.count > 2000)
        var random = Seeded(state: 6)
        let file = try FileDescriptor.open(root.appending("log.sqlite"), .readWrite)
        defer { try? file.close() }
        for _ in 0..<10_000 / Self.share {
            let (offset, bit) = (Int.random(in: bytes.indices, using: &random), UInt8.random(in: 0..<8, using: &random))
            try Self.flip(file, at: Int64(offset), bit: bit)
            let findings = try EventLog.audit(root: root).findings
            if let seq = owners[offset] {
                #expect(
                    findings.contains { $0.seqs?.contains(seq) == true && ($0.seqs?.count ?? 0) <= 2 },
                    "byte \(offset) belongs to event \(seq): \(findings)"
                )
            } else if findings.isEmpty {
                let log = try EventLog.open(root: root, clock: SystemWallClock(), creating: false)
                #expect(try log.storedEvents() == events, "byte \(offset) changes an event and is not found")
            }
            try Self.flip(file, at: Int64(offset), bit: bit)
        }
        #expect(try EventLog.audit(root: root).findings == [])
    }

    private static func place(of part: [UInt8], in bytes: [UInt8]) -> Int? {
        guard let range = Data(bytes).range(of: Data(part)) else { return nil }
        return range.lowerBound
    }
}
