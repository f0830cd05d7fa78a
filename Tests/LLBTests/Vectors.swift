// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import LLB

/// Definitions made with BuildKit's Go client, each with what `buildctl debug dump-llb` prints of it.
enum Vectors {
    static let names = [
        "copy-patterns", "diff", "example-buildkit0", "exec-basic", "exec-mounts", "exec-multi-output",
        "file-chained-actions", "git-commit", "local-patterns", "merge", "metadata",
    ]

    static func definition(_ name: String) throws -> [UInt8] { try read("\(name).llb") }

    static func dump(_ name: String) throws -> String { String(decoding: try read("\(name).jsonl"), as: UTF8.self) }

    private static func read(_ name: String) throws -> [UInt8] {
        let folder = Bundle.module.resourcePath ?? "."
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/Vectors/\(name)")))
    }
}

/// A small generator of pseudo-random numbers that gives the same ones each time.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
