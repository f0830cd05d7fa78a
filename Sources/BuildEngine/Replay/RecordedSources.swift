// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers
import OCIModel
import SystemPackage

/// Sources from a record: nothing is resolved anew.
struct RecordedSources: PinResolving {
    let run: BuildRun
    let recorded: BuildRecord
    /// The replay, whose fresh store gets the layers, each verified before anything runs; `nil` where the store is the
    /// record's own.
    let plan: ReplayPlan?

    func resolve(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        // A frontend that was asked again may give a context other filters; its pin is the context's all the same.
        let same = { recorded.pins.values.filter { $0.identifier == source.identifier }.min { $0.pin < $1.pin } }
        guard var event = recorded.pins[vertex.digest] ?? (source.scheme == "local" ? same() : nil) else {
            throw BuildRecordError.unpinned(recorded.id, identifier: source.identifier)
        }
        if event.type == "local", recorded.start.options["store-context"] == "false" {
            throw try SourceResolutionError.missing(
                identifier: source.identifier,
                digest: ContentDigest(parsing: event.pin)
            )
        }
        let origin = run.engine.layers
        let snapshot = Snapshot(layers: event.layers)
        let isWhole = event.layers.allSatisfy(origin.contains)
        if event.isLazy || (event.details["place"] != nil && !isWhole) {
            try await offer(event, platform: vertex.platform ?? .compiled)
            event.isLazy = !isWhole
        } else if let plan, plan.needs(vertex.digest) {
            try await Offload.run { try plan.take(snapshot, for: source.identifier) }
        }
        event.how = "record"
        event.movedFrom = nil
        event.happened = [:]
        return ResolvedSource(event: event, snapshot: snapshot)
    }

    /// Makes known where the layers of a lazy image can be had: here, or in the registry by their digests.
    private func offer(_ event: SourceResolved, platform: Platform) async throws {
        let origin = run.engine.layers
        let place = RecordedOrigin(event: event)
        let root = Descriptor(mediaType: MediaType.ociManifest, digest: try ContentDigest(parsing: event.pin), size: 0)
        guard event.type == "image", let reference = try? ImageReference(parsing: place.locator) else {
            let image = try await RemoteImage(root, for: platform, from: place, into: origin.blobs)
            return run.supply.offer(image, from: place, source: event.identifier)
        }
        let registry = try run.registry.origin(reference)
        let image = try await RemoteImage(root, for: platform, from: registry, into: origin.blobs)
        run.supply.offer(image, from: registry, source: event.identifier, repository: reference)
    }
}

/// The place of an image that was read from this machine once, and is not looked for again.
private struct RecordedOrigin: ImageOrigin {
    let event: SourceResolved

    var subject: String { event.identifier }

    /// What follows the scheme.
    var locator: String { event.identifier.split(separator: "://", maxSplits: 1).last.map(String.init) ?? "" }

    private func missing(_ descriptor: Descriptor) -> SourceResolutionError {
        .missing(identifier: event.identifier, digest: descriptor.digest)
    }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] { throw missing(descriptor) }

    func copy(_ descriptor: Descriptor, keeping: FilePath, to: @escaping @Sendable ([UInt8]) throws -> Void)
        async throws -> Int64
    { throw missing(descriptor) }
}
