// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
public import BuildModel
import BuildSolver
import EventStorage
import LLB
import Layers
import OCIModel
import SystemPackage

extension Engine {
    /// Executes a recorded build again and compares every step, image and export with the record.
    ///
    /// The way is the build's own: the pins come from the record, the store is fresh, nothing is reused. What differs is
    /// part of the report and of the log (`replay.compared`), not an error.
    ///
    /// - Throws: `BuildRecordError` when the record lacks what is needed, `SourceResolutionError.missing` when its
    ///   material was not kept, `BuildFailure` when a step fails that did not fail then.
    public func replay(_ id: BuildID, observer: any BuildObserver) async throws -> ReplayReport {
        let recorded = try BuildRecord(id, log: log, blobs: layers.blobs)
        let fresh = folder.path.appending("replay-\(id)")
        guard mkdirIfMissing(fresh) else { throw SystemCallError("mkdir", fresh.string) }
        let store = try LayerStore(root: fresh)
        var request = recorded.request(relation: "replay")
        request.noCache = true
        request.outputs = recorded.repeatableOutputs(into: fresh)
        let run = run(request, recorded: recorded, layers: store, observer: observer)
        let outcome = try await run.run()
        try await Offload.run { try self.keepEvidence(of: outcome, from: store) }
        let comparisons = recorded.compare(outcome)
        for comparison in comparisons { run.log.append(.replayCompared(comparison.event), build: run.id) }
        try await log.flush()
        return ReplayReport(original: id, replay: run.id, comparisons: comparisons, layers: store)
    }
}

extension Engine {
    /// Takes over what a replay made and the log names: layers that differ, configurations and manifests.
    ///
    /// What agreed is there already; a layer that differs is the evidence for whoever looks at it later.
    private func keepEvidence(of outcome: BuildOutcome, from store: LayerStore) throws {
        var made = Set(outcome.outputs.values.joined().compactMap(\.layers.last))
        for image in outcome.exports.flatMap(\.images) { made.formUnion([image.manifest.digest, image.config]) }
        for digest in made.sorted() where store.blobs.contains(digest) {
            try layers.blobs.adopt(digest, from: store.blobs)
        }
    }
}

extension BuildRecord {
    /// The exports whose bytes can be compared, directed into `folder`.
    func repeatableOutputs(into folder: FilePath) -> [OutputSpecification] {
        exports.enumerated().compactMap { index, export in
            guard ["oci", "docker", "tar", "image"].contains(export.started.exporter) else { return nil }
            var options = export.started.options
            if export.started.exporter != "image" { options["dest"] = folder.appending("export-\(index)").string }
            return OutputSpecification(exporter: export.started.exporter, options: options)
        }
    }

    /// Compares what a replay gave with the record, in the order of the graph.
    func compare(_ outcome: BuildOutcome) -> [ReplayReport.Comparison] {
        var comparisons: [ReplayReport.Comparison] = []
        func add(_ name: String, vertex: ContentDigest?, _ subject: String, _ expected: String, _ actual: String) {
            let event = ReplayCompared(
                original: id,
                vertex: vertex,
                subject: subject,
                expected: expected,
                actual: actual,
                identical: expected == actual
            )
            comparisons.append(ReplayReport.Comparison(name: name, event: event))
        }
        var seen: Set<ContentDigest> = []
        for vertex in targets.flatMap({ $0.definition?.vertices ?? [] }) where seen.insert(vertex.digest).inserted {
            guard let expected = results[vertex.digest] else { continue }
            let actual = outcome.outputs[vertex.digest] ?? []
            // A merge tells the layers below its result too; those are no outputs.
            for (index, result) in expected.enumerated() where index == 0 || actual.indices.contains(index) {
                let snapshot = actual.indices.contains(index) ? actual[index] : .scratch
                let label = actual.count > 1 ? "\(vertex.name) (output \(index))" : vertex.name
                if let diffID = result.diffID {
                    let layer = snapshot.layers.last.map(\.description) ?? "none"
                    add(label, vertex: vertex.digest, "diffID", diffID.description, layer)
                }
                let none = "scratch"
                let chain = snapshot.chainID?.description ?? none
                add(label, vertex: vertex.digest, "chainID", result.chainID?.description ?? none, chain)
            }
        }
        let repeated = exports.filter { ["oci", "docker", "tar", "image"].contains($0.started.exporter) }
        for (export, result) in zip(repeated, outcome.exports) {
            for (role, digest) in export.finished.digests.sorted(by: { $0.key < $1.key }) {
                let actual =
                    switch role {
                    case "manifest": result.descriptor?.digest
                    case "config": result.images.first?.config
                    default: nil as ContentDigest?
                    }
                add(
                    "export to \(export.started.exporter)",
                    vertex: nil,
                    role,
                    digest.description,
                    actual.map(\.description) ?? "none"
                )
            }
        }
        return comparisons
    }
}
