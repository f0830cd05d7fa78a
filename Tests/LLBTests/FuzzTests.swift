// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LLB

@Suite("Hostile bytes")
struct FuzzTests {
    /// As many inputs as the optimised program decodes in seconds; without optimisation a tenth of a percent of it.
    static let count: Int = {
        var isOptimised = true
        assert(
            {
                isOptimised = false; return true
            }()
        )
        return isOptimised ? 1_000_000 : 1_000
    }()

    @Test("A million mutated definitions and as much garbage are decoded or refused", arguments: [0, 1])
    func mutations(half: UInt64) throws {
        let seeds = try Vectors.names.filter { $0 != "example-buildkit0" }.map { try Vectors.definition($0) }
        var random = SplitMix(state: 0x5EED + half)
        var accepted = 0
        for _ in 0..<(Self.count / 2) {
            let bytes = Self.input(from: seeds, &random)
            guard let definition = try? Definition(decoding: bytes, allowingEmpty: true) else { continue }
            accepted += 1
            guard accepted % 64 == 0 else { continue }
            let again = try Definition(decoding: definition.encode(), allowingEmpty: true)
            #expect(again.vertices == definition.vertices)
        }
        #expect(accepted > 0, "some mutations touch nothing that is checked")
    }

    private static func input(from seeds: [[UInt8]], _ random: inout SplitMix) -> [UInt8] {
        if random.next() % 8 == 0 {
            return (0..<Int(random.next() % 64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        }
        var bytes = seeds[Int(random.next() % UInt64(seeds.count))]
        for _ in 0...(random.next() % 4) {
            guard !bytes.isEmpty else { break }
            let at = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 6 {
            case 0: bytes[at] ^= 1 << UInt8(random.next() % 8)
            case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.removeSubrange(at...)
            case 3: bytes.remove(at: at)
            case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: at)
            default:
                let other = seeds[Int(random.next() % UInt64(seeds.count))]
                let from = Int(random.next() % UInt64(other.count))
                bytes.replaceSubrange(at..., with: other[from...])
            }
        }
        return bytes
    }
}
