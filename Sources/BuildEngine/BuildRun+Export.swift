// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
import BuildModel
import BuildSolver
import BuildSources
import LLB
import Layers
import OCIModel
import SystemPackage

extension BuildRun {
    /// Stores the image under its names and runs the exporters, each between its two events.
    ///
    /// Everything that the exports stand on is durable before the first of them starts.
    func export(_ targets: [BuildTarget], outputs: [ContentDigest: VertexOutputs]) async throws -> BuildOutcome {
        let results = targets.map { image(of: $0, outputs: outputs) }
        var outcome = BuildOutcome(
            id: id,
            images: results,
            exports: [],
            image: nil,
            outputs: outputs.mapValues(\.snapshots)
        )
        let plans = try await exportPlans()
        guard !plans.isEmpty else { return outcome }
        let layers = layers
        // A push takes over the layers of its base where they are.
        if plans.contains(where: { $0.options.type != .registry || $0.options.forceCompression }) {
            try await supply.provide(results.map(\.snapshot))
        }
        try await Offload.run { try layers.blobs.flush() }
        for plan in plans {
            let result = try await export(results, as: plan.options, recorded: plan.specification.options)
            if plan.options.type == .image { outcome.image = result.descriptor?.digest }
            outcome.exports.append(result)
        }
        return outcome
    }

    func image(of target: BuildTarget, outputs: [ContentDigest: VertexOutputs]) -> ExportImage {
        var snapshot = Snapshot.scratch
        if let output = target.definition?.output, let given = outputs[output.digest]?.snapshots,
            given.indices.contains(output.index)
        {
            snapshot = given[output.index]
        }
        var config = target.config ?? ImageConfig(platform: target.platform)
        config.diffIDs = snapshot.layers
        if target.config == nil { config.created = created.rfc3339 }
        return ExportImage(
            platform: target.platform,
            snapshot: snapshot,
            config: config,
            baseLayers: min(target.baseLayers, snapshot.layers.count),
            originals: originals(of: snapshot)
        )
    }

    private func originals(of snapshot: Snapshot) -> [ContentDigest: OriginalLayer] {
        var originals: [ContentDigest: OriginalLayer] = [:]
        for diffID in snapshot.layers {
            guard let offer = supply.offer(of: diffID), let reference = offer.repository else { continue }
            originals[diffID] = OriginalLayer(blob: offer.layer.blob, reference: reference)
        }
        return originals
    }

    /// The exporters to run: the store's own first where the image has names, then what was asked for.
    private func exportPlans() async throws -> [(specification: OutputSpecification, options: ExportOptions)] {
        let naming = try await contextNaming()
        var names: [ImageReference] = []
        for tag in request.tags { names.append(try ImageReference(parsing: naming(tag))) }
        var plans: [(OutputSpecification, ExportOptions)] = []
        for var output in request.outputs {
            if let name = output.options["name"] { output.options["name"] = naming(name) }
            let specification = ExportSpecification(type: output.exporter, attributes: output.options)
            var options = try ExportOptions(specification, defaultNames: names)
            let pushes = options.type == .image && options.push
            options.push = options.type == .registry
            plans.append((output, options))
            guard pushes, !isReplay else { continue }
            // The store has layers as they are; what goes over a network is compressed.
            options.type = .registry
            if output.options["compression"] == nil { options.compression = .gzip(level: nil) }
            plans.append((output, options))
        }
        if !names.isEmpty, !plans.contains(where: { $0.1.type == .image }), !isReplay {
            var store = ExportOptions(type: .image)
            store.names = names
            let named = OutputSpecification(
                exporter: "image",
                options: ["name": names.map(\.description).joined(separator: ",")]
            )
            plans.insert((named, store), at: 0)
        }
        return plans
    }

    /// What puts the hash of the context into a name that asks for it with `%CONTEXTHASH%`.
    private func contextNaming() async throws -> @Sendable (String) -> String {
        let names = request.tags + request.outputs.compactMap { $0.options["name"] }
        guard let asking = names.first(where: { $0.contains(Self.contextHash) }) else { return { $0 } }
        try await log.flush()
        let record = try recorded ?? BuildRecord(id, log: engine.log, blobs: engine.layers.blobs)
        do {
            let hash = try HashedContext(of: record, layers: engine.layers).digest().hex
            return { $0.split(separator: Self.contextHash, omittingEmptySubsequences: false).joined(separator: hash) }
        } catch ContextHashError.noContext {
            throw ContextHashError.nameWithoutContext(asking)
        }
    }

    /// What stands for the hash of the context in a name.
    private static let contextHash = "%CONTEXTHASH%"

    private func export(
        _ images: [ExportImage],
        as options: ExportOptions,
        recorded: [String: String]
    ) async throws -> ExportResult {
        let started = engine.environment.clock.now()
        let environment = ExportEnvironment(
            layers: layers,
            workingDirectory: FilePath(engine.environment.workingDirectory),
            temporaryDirectory: engine.folder.path,
            registry: { [registry] in try registry.client() }
        )
        let exporter = options.exporter(in: environment)
        let destination: Happened =
            switch options.destination {
            case .path(let path): ["destination": .string(path)]
            case .standardOutput: ["destination": "-"]
            case nil: [:]
            }
        let chosen = recorded.filter { $0.key != "dest" && $0.key != "output" }
        log.append(
            .exportStarted(ExportStarted(exporter: options.type.rawValue, options: chosen, happened: destination)),
            build: id
        )
        try await log.flush()
        let result = try await exporter.export(
            ExportRequest(images: images, options: options, epoch: created, forceIndex: request.platforms.count > 1)
        )
        for image in result.images where options.type == .image && !isReplay {
            log.append(.imageStored(stored(image, names: result.names)), build: id)
        }
        var digests: [String: ContentDigest] = [:]
        if let descriptor = result.descriptor { digests["manifest"] = descriptor.digest }
        if let only = result.images.first, result.images.count == 1 { digests["config"] = only.config }
        let happened: Happened = [
            "duration": .integer(engine.environment.clock.now().nanoseconds - started.nanoseconds),
            "bytes": .integer(result.bytes),
        ]
        let event = ExportFinished(
            exporter: options.type.rawValue,
            digests: digests,
            names: result.names,
            happened: happened
        )
        log.append(.exportFinished(event), build: id)
        return result
    }

    private func stored(_ image: ExportResult.Image, names: [String]) -> ImageStored {
        ImageStored(
            names: names,
            manifest: image.manifest.digest,
            size: image.manifest.size,
            config: image.config,
            platform: image.platform.description,
            layers: image.diffIDs,
            origin: "build"
        )
    }
}
