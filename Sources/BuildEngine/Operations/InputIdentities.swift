// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSolver
import FileOperations
import LLB
import Layers
import OCIModel

/// What a vertex can see of its inputs, by content: the part of its key that comes from elsewhere.
struct InputIdentities {
    let layers: LayerStore

    /// One identity for each input.
    ///
    /// A root that is written to, or seen whole, counts by its ChainID. A mount of a part counts by that part alone, and
    /// so does the source of a copy.
    func of(_ vertex: Vertex, inputs: [Snapshot]) throws -> [InputIdentity] {
        switch vertex.operation {
        case .exec(let exec): try inputs.enumerated().map { try ofMounts(exec, index: $0.offset, input: $0.element) }
        case .file(let file): try ofFile(file, inputs: inputs)
        default: inputs.map { .root($0.chainID) }
        }
    }

    /// As `of`, where no input must be looked into; else `nil`.
    static func ofWhole(_ vertex: Vertex, inputs: [Snapshot]) -> [InputIdentity]? {
        switch vertex.operation {
        case .exec(let exec):
            let looksInside = exec.mounts.contains {
                $0.input != nil && ($0.contentCache == .on || !["", "/"].contains($0.selector))
            }
            return looksInside ? nil : inputs.map { .root($0.chainID) }
        case .file: return nil
        default: return inputs.map { .root($0.chainID) }
        }
    }

    private func ofMounts(_ exec: ExecOperation, index: Int, input: Snapshot) throws -> InputIdentity {
        let mounts = exec.mounts.filter { $0.input == index }
        // A graph may say that a whole tree counts by what is in it, however it is layered, or that a part does not.
        let isAsked = mounts.allSatisfy { $0.contentCache == .on }
        guard let selector = mounts.first?.selector, isAsked || !["", "/"].contains(selector),
            mounts.allSatisfy({
                $0.selector == selector && $0.output == nil && $0.destination != "/" && $0.contentCache != .off
            })
        else { return .root(input.chainID) }
        let view = try layers.view(input)
        guard let entry = try view.resolve(PathText.relative(selector)).entry else { return .root(input.chainID) }
        return .selection(try view.treeDigest(of: entry))
    }

    private func ofFile(_ file: FileOperation, inputs: [Snapshot]) throws -> [InputIdentity] {
        try inputs.enumerated().map { index, input in
            switch try file.visibility(of: index, in: { try layers.view(input) }) {
            case .nothing: .nothing
            case .whole: .root(input.chainID)
            case .selection(let digest): .selection(digest)
            }
        }
    }
}

/// Paths of an operation as the bytes that a view wants.
enum PathText {
    /// The path without leading slashes and without `.`; `..` stays for the view to resolve.
    static func relative(_ path: String) -> [UInt8] {
        Array(path.split(separator: "/").filter { $0 != "." }.joined(separator: "/").utf8)
    }
}
