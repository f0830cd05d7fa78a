// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import DockerfileFrontend
import LLB
import Layers
import OCIModel
import SystemPackage

/// Sources as they are now: contexts are read, names are looked up.
struct LiveSources: PinResolving {
    let run: BuildRun
    /// The ignore file of the main context.
    let ignoreFile: IgnoreFileRecord?

    func resolve(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        switch source.scheme {
        case "local": try await local(source)
        case "docker-image": try await image(source, vertex: vertex)
        case "oci-layout": try await layout(source, vertex: vertex)
        case "http", "https": try await http(source, vertex: vertex)
        case "git": try await GitSourceRun(source, of: vertex.digest, in: run).source()
        default: throw SourceResolutionError.unsupported(source.identifier)
        }
    }

    private func image(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        let reference = try ImageReference(parsing: source.locator)
        let platform = vertex.platform ?? .compiled
        let mode = source.attributes[SourceAttribute.imageResolveMode].flatMap(ImageSources.Mode.init) ?? .default
        var found = try await ImageSources(run: run).find(reference, platform: platform, mode: mode)
        found.keepLowest(source.attributes[SourceAttribute.imageLayerLimit])
        return ResolvedSource(
            event: found.event(identifier: source.identifier, type: "image", platform: platform),
            snapshot: found.snapshot
        )
    }

    private func layout(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        let reference = try ImageReference(parsing: source.locator)
        let name = source.attributes[SourceAttribute.layoutStore] ?? reference.repository
        let platform = vertex.platform ?? .compiled
        var found = try await ImageSources(run: run).find(
            layout: name,
            reference: reference.digest?.description ?? reference.tag ?? "",
            platform: platform
        )
        found.keepLowest(source.attributes[SourceAttribute.layoutLayerLimit])
        return ResolvedSource(
            event: found.event(identifier: source.identifier, type: "oci-layout", platform: platform),
            snapshot: found.snapshot
        )
    }

    private func local(_ source: SourceOperation) async throws -> ResolvedSource {
        guard let folder = run.request.contexts[source.locator] else {
            throw SourceResolutionError.unknownContext(source.locator)
        }
        let engine = run.engine
        let started = engine.environment.clock.now()
        let options = try options(source)
        let root = engine.environment.absolute(folder)
        let (context, how) = try await Offload.run { try read(root, options: options) }
        guard let snapshot = context.snapshot else { throw SourceResolutionError.unsupported(source.identifier) }
        for skipped in context.skipped {
            let event = ContextSkipped(name: source.locator, path: skipped.path, reason: skipped.reason)
            run.log.append(.contextSkipped(event), build: run.id)
        }
        let manifest = try run.layers.blobs.put(context.manifest.encoded)
        let rules = source.attributes[SourceAttribute.localExcludePatterns]
        let event = ContextDigested(
            name: source.locator,
            digest: context.digest,
            manifest: manifest,
            layer: run.request.storesContext ? context.layer : nil,
            files: context.files,
            bytes: context.bytes,
            ignoreRules: try rules.map { try run.layers.blobs.put(Array($0.utf8)) },
            happened: [
                "filesRead": .integer(Int64(context.filesRead)),
                "duration": .integer(engine.environment.clock.now().nanoseconds - started.nanoseconds),
            ]
        )
        run.log.append(.contextDigested(event), build: run.id)
        var resolved = SourceResolved(
            identifier: source.identifier,
            type: "local",
            pin: context.digest.description,
            how: how,
            layers: run.request.storesContext ? snapshot.layers : [],
            blobs: [manifest]
        )
        if source.locator == "context", let ignoreFile { ignoreFile.note(in: &resolved) }
        return ResolvedSource(event: resolved, snapshot: snapshot)
    }

    /// Reads a directory, or a tar; of a Dockerfile alone the context is empty.
    private func read(_ path: String, options: LocalContextOptions) throws -> (LocalContext, how: String) {
        let archive: ContentDigest
        switch try run.archives.content(of: path, in: run.layers) {
        case nil:
            let stat = run.engine.root.appending("stat")
            let reader = LocalContextReader(layers: run.layers, statDirectory: stat)
            return (try reader.read(root: FilePath(path), options: options), "walk")
        case .tar(let layer)?: archive = layer
        case .dockerfile?: archive = try run.layers.writer(timestamps: options.timestamps).finish().diffID
        }
        return (try ArchiveContextReader(layers: run.layers).read(layer: archive, options: options), "tar")
    }

    private func options(_ source: SourceOperation) throws -> LocalContextOptions {
        LocalContextOptions(
            include: try patterns(source, SourceAttribute.localIncludePatterns),
            exclude: try patterns(source, SourceAttribute.localExcludePatterns),
            followPaths: try patterns(source, SourceAttribute.localFollowPaths),
            modes: run.request.gitModes ? .git : .keep,
            timestamps: run.request.timestamps,
            verify: run.request.verifiesContext,
            parallelism: run.engine.environment.processors
        )
    }

    private func patterns(_ source: SourceOperation, _ attribute: String) throws -> [String] {
        guard let text = source.attributes[attribute] else { return [] }
        return try JSONValue(parsing: text).elements?.compactMap(\.text) ?? []
    }
}
