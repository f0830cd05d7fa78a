// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import LLB
import Layers
import OCIModel
import Synchronization

/// What a replay executes, where its material comes from, and what it noticed on the way.
final class ReplayPlan: Sendable {
    /// What happened to steps beside their results.
    struct Notes {
        /// Steps whose inputs differed already and could not be had from the record.
        var carried: Set<ContentDigest> = []
        /// Steps that failed and had not failed then.
        var failures: [ContentDigest: StepFailed] = [:]
    }

    let recorded: BuildRecord
    /// The store that has the record's blobs.
    let origin: LayerStore
    /// The fresh store.
    let layers: LayerStore
    let snapshots: RecordedSnapshots
    /// The vertices that are executed; `nil` for all.
    let selected: Set<ContentDigest>?
    private let known: [ContentDigest: ContentDigest]
    private let state = Mutex(Notes())

    init(recorded: BuildRecord, selected: Set<ContentDigest>?, origin: LayerStore, layers: LayerStore) {
        self.recorded = recorded
        self.selected = selected
        self.origin = origin
        self.layers = layers
        snapshots = RecordedSnapshots(recorded)
        known = Dictionary(recorded.keyed.map { ($0.key, $0.vertex) }) { first, _ in first }
    }

    /// What was noticed so far.
    var notes: Notes { state.withLock { $0 } }

    /// Adds to what was noticed.
    func note(_ change: (inout Notes) -> Void) { state.withLock { change(&$0) } }

    /// Whether a vertex is executed.
    func executes(_ vertex: ContentDigest) -> Bool { selected?.contains(vertex) ?? true }

    /// Whether a vertex that is executed reads what `source` gives.
    func needs(_ source: ContentDigest) -> Bool {
        guard selected != nil else { return true }
        return recorded.vertices.contains { vertex in
            executes(vertex.digest) && vertex.inputs.contains { $0.digest == source }
        }
    }

    /// What the step with this key gave then; `nil` when the record has no such step or no result of it.
    func outputs(forKey key: ContentDigest) -> VertexOutputs? { known[key].flatMap(outputs(of:)) }

    /// What a step gave then.
    func outputs(of vertex: ContentDigest) -> VertexOutputs? {
        guard let snapshots = snapshots.outputs(of: vertex), let results = recorded.results[vertex] else { return nil }
        return VertexOutputs(snapshots: snapshots, results: results)
    }

    /// Links the layers that the fresh store lacks into it, each verified before.
    ///
    /// - Parameters:
    ///   - name: The source or step that needs them.
    ///   - supply: What it offers from elsewhere is fetched when a step reads it.
    /// - Throws: `SourceResolutionError.missing` for one that is not to be had, `BlobError.corrupt`.
    func take(_ snapshot: Snapshot, for name: String, unless supply: LayerSupply? = nil) throws {
        for diffID in snapshot.layers where !layers.contains(diffID) {
            switch try origin.blobs.verify(diffID) {
            case .intact: try layers.blobs.adopt(diffID, from: origin.blobs)
            case .missing:
                guard supply?.offer(of: diffID) != nil else {
                    throw SourceResolutionError.missing(identifier: name, digest: diffID)
                }
            case .corrupt(let reason): throw BlobError.corrupt(diffID, reason: reason)
            }
        }
    }
}
