// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import OCIModel

/// What every vertex of a recorded build gave then, as stacks of layers.
struct RecordedSnapshots {
    private var outputs: [ContentDigest: [Snapshot]] = [:]

    /// Makes whole stacks of the layers on parents that the events tell.
    init(_ recorded: BuildRecord) {
        var stacks: [ContentDigest: Snapshot] = [:]
        for (vertex, pin) in recorded.pins {
            var stack = Snapshot.scratch
            for layer in pin.layers {
                stack.append(layer)
                if let chainID = stack.chainID { stacks[chainID] = stack }
            }
            outputs[vertex] = [stack]
        }
        for vertex in recorded.vertices {
            guard let results = recorded.results[vertex.digest] else { continue }
            // A merge tells the layers below its result too, the lowest last.
            for result in results.reversed() {
                guard let chainID = result.chainID, let diffID = result.diffID else { continue }
                if result.parent == nil {
                    stacks[chainID] = Snapshot(layers: [diffID])
                } else if let parent = result.parent.flatMap({ stacks[$0] }) {
                    stacks[chainID] = parent.appending(diffID)
                }
            }
            let snapshots = results.map { result in result.chainID.map { stacks[$0] } ?? Snapshot.scratch }
            let known = snapshots.prefix { $0 != nil }.compactMap(\.self)
            if known.count == snapshots.count { outputs[vertex.digest] = known }
        }
    }

    /// The outputs of a vertex; `nil` when the record does not say.
    func outputs(of vertex: ContentDigest) -> [Snapshot]? { outputs[vertex] }

    /// What one input of a vertex was; `nil` when the record does not say.
    func snapshot(of input: VertexInput) -> Snapshot? {
        guard let known = outputs[input.digest], known.indices.contains(input.index) else { return nil }
        return known[input.index]
    }
}
