// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import PathPatterns

/// The entries of a manifest in the order of a walk: a directory, all that is in it, its next sibling.
struct ContextTree: Sendable {
    struct Node: Sendable {
        /// The entry; a hard link stands as the file that it is.
        let entry: ContextEntry
        /// The path of the file that has the contents, which differs from `entry.path` for a hard link.
        let contentPath: [UInt8]
        /// How many directories lie around it.
        let depth: Int

        var name: ArraySlice<UInt8> {
            entry.path[(entry.path.lastIndex(of: PathBytes.slash).map { $0 + 1 } ?? 0)...]
        }
        var isExecutable: Bool { entry.mode & 0o100 != 0 }
    }

    let nodes: [Node]

    init(_ manifest: ContextManifest, modes: ContextModes) {
        let entries = manifest.with(modes: modes).entries
        let nodes = entries.map { entry in
            var resolved = entry
            var contentPath = entry.path
            if case .hardLink(let target) = entry.content, let first = manifest.index(at: target) {
                resolved = entries[first]
                contentPath = resolved.path
                resolved.path = entry.path
            }
            return Node(
                entry: resolved,
                contentPath: contentPath,
                depth: entry.path.reduce(0) { $0 + ($1 == PathBytes.slash ? 1 : 0) }
            )
        }
        // With 0 in the place of `/`, which sorts before every byte of a name, byte order is the order of a walk.
        let keys = nodes.map { $0.entry.path.map { $0 == PathBytes.slash ? 0 : $0 } }
        self.nodes = nodes.indices.sorted { keys[$0].precedes(keys[$1]) }.map { nodes[$0] }
    }
}
