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
}
