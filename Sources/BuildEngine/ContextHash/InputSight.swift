// SPDX-License-Identifier: Apache-2.0

public import BuildSources
import FileOperations
public import LLB
import Layers

/// What a step can see of one of its inputs, by names alone.
public struct InputSight: Sendable {
    private let vertex: Vertex
    private let input: Int

    /// The sight of input `input` of `vertex`.
    public init(_ vertex: Vertex, input: Int) {
        self.vertex = vertex
        self.input = input
    }

    /// Whether it sees a path of a tree with these entries.
    public func filter(_ manifest: ContextManifest) -> ([UInt8]) -> Bool {
        switch vertex.operation {
        case .file(let file):
            guard !file.actions.contains(where: { $0.base == .input(input) }) else { return { _ in true } }
            let selected = file.selectedPaths(of: input, among: Self.names(manifest))
            return { selected.contains($0) }
        case .exec(let exec):
            let selectors = exec.mounts.filter { $0.input == input }.map { mount in
                mount.selector.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
            }
            return { path in
                selectors.contains { selector in
                    selector.isEmpty || Array(selector.utf8) == path || path.starts(with: Array((selector + "/").utf8))
                }
            }
        default: return { _ in true }
        }
    }

    private static func names(_ manifest: ContextManifest) -> [NamedEntry] {
        manifest.entries.map { entry in
            switch entry.content {
            case .directory: NamedEntry(path: entry.path, kind: .directory)
            case .symbolicLink(let target): NamedEntry(path: entry.path, kind: .link(target))
            case .file, .hardLink: NamedEntry(path: entry.path, kind: .file)
            }
        }
    }
}
