// SPDX-License-Identifier: Apache-2.0

import Glibc
import PathPatterns

/// Makes small trees of awkward things, the same ones for the same state.
struct TreeGenerator {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    private static let names: [[UInt8]] =
        [
            "a", "a.b", "a-b", "a0", "ab", "A", "é", "x y", "-n", "back\\slash", "new\nline", "cr\r", "$HOME", "'q'",
            "~", "#c",
        ]
        .map { Array($0.utf8) }
        + [[0xFF], [0xC3, 0x28], [0x80, 0x2E], Array(repeating: 0x6C, count: 98), Array(repeating: 0x6D, count: 120)]
        + [[0x7F], [0x01, 0x02]]

    /// Fills the folder `root` of the tree with up to 14 entries.
    mutating func fill(_ folder: ContextFolder, below root: String) throws {
        var directories: [[UInt8]] = [Array(root.utf8)]
        var files: [[UInt8]] = []
        var taken: Set<[UInt8]> = []
        for _ in 0..<below(15) {
            let parent = directories[below(directories.count)]
            let path = PathBytes.join(parent, Self.names[below(Self.names.count)])
            guard taken.insert(path).inserted else { continue }
            switch below(8) {
            case 0...1:
                try folder.directory(path, mode: [0o755, 0o700, 0o2775, 0o1777][below(4)])
                directories.append(path)
            case 2:
                let targets = [
                    "nowhere", "../x", "a", "/abs", "a/../a.b", String(repeating: "t", count: 90 + below(30)),
                ]
                try folder.link(path, to: Array(targets[below(targets.count)].utf8))
            case 3 where !files.isEmpty: try folder.hardLink(path, to: files[below(files.count)])
            default:
                let size = [0, 1, 7, 8, 511, 512, 513, 5000, 70_000][below(9)]
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
                try folder.file(path, bytes, mode: [0o644, 0o755, 0o600, 0o4755, 0o2711, 0o666, 0o744][below(7)])
                files.append(path)
            }
        }
    }
}
