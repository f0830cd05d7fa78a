// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import EventStorage
import LLB
import Layers

extension Engine {
    /// Replays a build without variations, then the steps that agreed under variations, and finds which variation breaks
    /// which step.
    ///
    /// All variations are tried at once; the steps that then differ are tried again with each of them alone. Every step
    /// runs on what the record says that it read. Each of these is a replay of its own in the log.
    ///
    /// - Throws: As `replay`.
    public func vary(
        _ id: BuildID,
        _ variations: [StepVariation],
        options: ReplayOptions,
        observer: any BuildObserver
    ) async throws -> VariationReport {
        let recorded = try BuildRecord(id, log: log, blobs: layers.blobs)
        let control = try await replay(recorded, options: options, observer: observer)
        let left = variations.compactMap { variation in
            variation.obstacle(processors: environment.processors).map { (variation: variation, reason: $0) }
        }
        let tried = variations.filter { variation in !left.contains { $0.variation == variation } }
        let commands = Set(
            recorded.vertices.filter { if case .exec = $0.operation { true } else { false } }.map(\.digest)
        )
        let unstable = Self.broken(control).intersection(commands)
        let compared = Set(control.comparisons.compactMap(\.event.vertex))
        var report = VariationReport(
            control: control,
            tried: tried,
            left: left,
            unstable: recorded.vertices.filter { unstable.contains($0.digest) }.map(\.name),
            breaks: []
        )
        func broken(_ vertices: Set<ContentDigest>, by variations: [StepVariation]) async throws -> Set<ContentDigest> {
            guard !vertices.isEmpty, !variations.isEmpty else { return [] }
            var varied = options
            varied.steps = .vertices(vertices)
            varied.variations = Set(variations)
            return Self.broken(try await replay(recorded, options: varied, observer: observer))
        }
        let candidates = commands.intersection(compared).subtracting(unstable)
        let together = try await broken(candidates, by: tried)
        var causes: [ContentDigest: [StepVariation]] = [:]
        for variation in tried where !together.isEmpty {
            for vertex in try await broken(together, by: [variation]) { causes[vertex, default: []].append(variation) }
        }
        report.breaks = recorded.vertices.filter { together.contains($0.digest) }.map { vertex in
            VariationReport.Break(step: vertex.name, variations: causes[vertex.digest] ?? [])
        }
        return report
    }

    /// The vertices that differ by themselves.
    private static func broken(_ report: ReplayReport) -> Set<ContentDigest> {
        Set(report.divergences.compactMap(\.event.vertex))
    }
}
