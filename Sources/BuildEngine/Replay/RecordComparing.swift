// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
import BuildModel
import LLB
import OCIModel
import SystemPackage

/// Compares what a replay gave with its record, in the order of the graph, images and exports last.
struct RecordComparing {
    let recorded: BuildRecord
    let plan: ReplayPlan
    let outcome: BuildOutcome
    private(set) var comparisons: [ReplayReport.Comparison] = []

    /// Exporters whose results have digests that can be compared.
    static let comparable = ["oci", "docker", "tar", "image"]

    init(plan: ReplayPlan, outcome: BuildOutcome, comparesExports: Bool) {
        recorded = plan.recorded
        self.plan = plan
        self.outcome = outcome
        for vertex in recorded.vertices where plan.executes(vertex.digest) { compare(vertex) }
        if comparesExports { compareExports() }
    }

    private mutating func compare(_ vertex: Vertex) {
        guard let expected = recorded.results[vertex.digest] else { return }
        if let failure = plan.notes.failures[vertex.digest] {
            return add(vertex.name, vertex.digest, "outcome", "finished", failure.message)
        }
        let actual = outcome.outputs[vertex.digest] ?? []
        let isCarried = plan.notes.carried.contains(vertex.digest)
        // A merge tells the layers below its result too; those are no outputs.
        for (index, result) in expected.enumerated() where index == 0 || actual.indices.contains(index) {
            let snapshot = actual.indices.contains(index) ? actual[index] : .scratch
            let label = actual.count > 1 ? "\(vertex.name) (output \(index))" : vertex.name
            if let diffID = result.diffID {
                let layer = snapshot.layers.last.map(\.description) ?? "none"
                add(label, vertex.digest, "diffID", diffID.description, layer, isCarried: isCarried)
            }
            // Beside a DiffID, a ChainID differs because of that or of what lies below.
            let chain = snapshot.chainID?.description ?? "scratch"
            let then = result.chainID?.description ?? "scratch"
            add(label, vertex.digest, "chainID", then, chain, isCarried: isCarried || result.diffID != nil)
        }
    }

    private mutating func compareExports() {
        let isCarried = comparisons.contains { !$0.event.identical }
        let repeated = recorded.exports.filter { Self.comparable.contains($0.started.exporter) }
        for (export, result) in zip(repeated, outcome.exports) {
            for (role, digest) in export.finished.digests.sorted(by: { $0.key < $1.key }) {
                let actual =
                    switch role {
                    case "manifest": result.descriptor?.digest
                    case "config": result.images.first?.config
                    default: nil as ContentDigest?
                    }
                let now = actual.map(\.description) ?? "none"
                let name = "export to \(export.started.exporter)"
                add(name, nil, role, digest.description, now, isCarried: isCarried)
            }
        }
    }

    private mutating func add(
        _ name: String,
        _ vertex: ContentDigest?,
        _ subject: String,
        _ expected: String,
        _ actual: String,
        isCarried: Bool = false
    ) {
        let event = ReplayCompared(
            original: recorded.id,
            vertex: vertex,
            subject: subject,
            expected: expected,
            actual: actual,
            identical: expected == actual
        )
        let differs = !event.identical
        comparisons.append(ReplayReport.Comparison(name: name, event: event, isCarried: differs && isCarried))
    }
}

extension BuildRecord {
    /// The exports whose bytes can be compared, directed into `folder`.
    func repeatableOutputs(into folder: FilePath) -> [OutputSpecification] {
        exports.enumerated().compactMap { index, export in
            guard RecordComparing.comparable.contains(export.started.exporter) else { return nil }
            var options = export.started.options
            if export.started.exporter != "image" { options["dest"] = folder.appending("export-\(index)").string }
            return OutputSpecification(exporter: export.started.exporter, options: options)
        }
    }
}
