// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
public import BuildModel
import EventStorage
import LLB
import Layers
import OCIModel
import SystemPackage

extension Engine {
    /// Executes a recorded build again and compares every step, image and export with the record.
    ///
    /// The way is the build's own: the pins come from the record, the store is fresh, nothing is reused. What differs is
    /// part of the report and of the log (`replay.compared`), not an error, and the replay goes on behind it: each step
    /// is judged by itself, on what the record says that it read.
    ///
    /// - Throws: `BuildRecordError` when the record lacks what is needed; `BuildFailure` when its material was not kept,
    ///   is damaged, or needs a secret that was not given, and when a step fails of which the record has no result.
    public func replay(
        _ id: BuildID,
        options: ReplayOptions = ReplayOptions(),
        observer: any BuildObserver
    ) async throws -> ReplayReport {
        let recorded = try BuildRecord(id, log: log, blobs: layers.blobs)
        return try await replay(recorded, options: options, observer: observer)
    }

    /// Replays a record that was read already.
    func replay(
        _ recorded: BuildRecord,
        options: ReplayOptions,
        observer: any BuildObserver
    ) async throws -> ReplayReport {
        let selected = try options.steps.vertices(in: recorded)
        let id = newBuildID()
        let fresh = folder.path.appending("replay-\(id)")
        guard mkdirIfMissing(fresh) else { throw SystemCallError("mkdir", fresh.string) }
        let store = try LayerStore(root: fresh)
        let plan = ReplayPlan(recorded: recorded, selected: selected, origin: layers, layers: store)
        // Whether the whole result is made again: of single steps nothing can be put together.
        let makesAll: Bool
        if case .from = options.steps { makesAll = true } else { makesAll = selected == nil }

        var request = recorded.request(relation: "replay")
        request.optionsOfRecord = recorded.start.options.merging(options.recorded) { _, added in added }
        request.noCache = true
        request.outputs = makesAll ? recorded.repeatableOutputs(into: fresh) : []
        request.withoutNetwork = options.withoutNetwork
        request.variations = options.variations
        request.secrets = options.secrets
        request.agents = options.agents
        request.allowed = options.allowed
        let run = run(request, id: id, recorded: recorded, plan: plan, layers: store, observer: observer)
        let outcome = try await run.run()
        try await Offload.run { try self.keepEvidence(of: outcome, from: store) }
        let compared = RecordComparing(plan: plan, outcome: outcome, comparesExports: makesAll)
        for comparison in compared.comparisons { run.log.append(.replayCompared(comparison.event), build: run.id) }
        try await log.flush()
        return ReplayReport(
            replay: run.id,
            record: recorded,
            options: options,
            comparisons: compared.comparisons,
            needsNetwork: options.withoutNetwork ? Self.needingNetwork(plan) : [],
            origin: layers,
            layers: store
        )
    }

    /// The steps that failed without the network that they had then.
    private static func needingNetwork(_ plan: ReplayPlan) -> [ContentDigest] {
        let failures = plan.notes.failures
        return plan.recorded.vertices.filter { vertex in
            guard failures[vertex.digest] != nil, case .exec(let exec) = vertex.operation else { return false }
            return exec.network != .none
        }.map(\.digest)
    }

    /// Takes over what a replay made and the log names: layers that differ, configurations and manifests.
    ///
    /// What agreed is there already; a layer that differs is the evidence for whoever looks at it later, until
    /// `reel prune --cache` removes it.
    private func keepEvidence(of outcome: BuildOutcome, from store: LayerStore) throws {
        var made = Set(outcome.outputs.values.joined().compactMap(\.layers.last))
        for image in outcome.exports.flatMap(\.images) { made.formUnion([image.manifest.digest, image.config]) }
        for digest in made.sorted() where store.blobs.contains(digest) {
            try layers.blobs.adopt(digest, from: store.blobs)
        }
    }
}
