// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import LLB
import Layers
import PathPatterns

/// The part of a context that the steps of some graphs can reach.
struct ContextReach {
    let definitions: [Definition]
    /// The name of the context, such as `context`.
    let name: String

    /// The entries that a step selects or mounts, with the directories around them.
    func apply(to manifest: ContextManifest) -> ContextManifest {
        let sights = definitions.flatMap { definition in
            let sources = Set(definition.vertices.filter(isContext).map(\.digest))
            let results = definition.output.map { sources.contains($0.digest) } ?? false
            let seen = definition.vertices.flatMap { vertex in
                vertex.inputs.indices.filter { sources.contains(vertex.inputs[$0].digest) }
                    .map { InputSight(vertex, input: $0).filter(manifest) }
            }
            // A graph whose result is the context itself gives all of it away.
            return results ? [{ (_: [UInt8]) in true }] : seen
        }
        return manifest.keeping { path in sights.contains { $0(path) } }
    }

    private func isContext(_ vertex: Vertex) -> Bool {
        if case .source(let source) = vertex.operation {
            source.scheme == "local" && source.locator == name
        } else {
            false
        }
    }
}

extension ContextManifest {
    /// The entries whose paths are wanted, with the directories around them.
    ///
    /// A file whose first name goes is named by its next one.
    func keeping(_ isWanted: ([UInt8]) -> Bool) -> ContextManifest {
        var wanted: Set<[UInt8]> = []
        for entry in entries where isWanted(entry.path) {
            var path = entry.path
            while !path.isEmpty, wanted.insert(path).inserted { path = PathBytes.parent(of: path) }
        }
        var renamed: [[UInt8]: [UInt8]] = [:]
        let kept = entries.compactMap { entry -> ContextEntry? in
            guard wanted.contains(entry.path) else { return nil }
            guard case .hardLink(let target) = entry.content, !wanted.contains(target) else { return entry }
            var copy = entry
            if let first = renamed[target] {
                copy.content = .hardLink(target: first)
            } else if let file = self.entry(at: target) {
                renamed[target] = entry.path
                copy.content = file.content
                copy.xattrs = file.xattrs
            }
            return copy
        }
        return ContextManifest(entries: kept)
    }

    /// The same with a file of mode 0644 at `path`, and the directories around it, unless something is there.
    func adding(_ bytes: [UInt8], at path: [UInt8]) -> ContextManifest {
        guard entry(at: path) == nil else { return self }
        let content = ContextEntry.Content.file(size: Int64(bytes.count), digest: ContentDigest(of: bytes))
        var added = [ContextEntry(path: path, mode: 0o644, content: content)]
        var parent = PathBytes.parent(of: path)
        while !parent.isEmpty, entry(at: parent) == nil {
            added.append(ContextEntry(path: parent, mode: 0o755, content: .directory))
            parent = PathBytes.parent(of: parent)
        }
        return ContextManifest(entries: (entries + added).sorted { $0.path.lexicographicallyPrecedes($1.path) })
    }
}
