// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
import LLB
import Layers
import OCIModel
import SystemPackage

/// Sources from a record: nothing is resolved anew, every blob is verified, and then linked into the replay's store.
struct RecordedSources: PinResolving {
    let run: BuildRun
    let recorded: BuildRecord
    /// The store that has the blobs.
    let origin: LayerStore
    /// The store that the replay's steps read.
    let layers: LayerStore

    func resolve(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        guard var event = recorded.pins[vertex.digest] else {
            throw BuildRecordError.unpinned(recorded.id, identifier: source.identifier)
        }
        if event.type == "local", recorded.start.options["store-context"] == "false" {
            throw try SourceResolutionError.missing(
                identifier: source.identifier,
                digest: ContentDigest(parsing: event.pin)
            )
        }
        let isWhole = event.layers.allSatisfy(origin.contains)
        if event.isLazy || (event.details["place"] != nil && !isWhole) {
            try await offer(event, platform: vertex.platform ?? .compiled)
            event.isLazy = !isWhole
        } else if origin.blobs.root != layers.blobs.root {
            let diffIDs = event.layers
            try await Offload.run { for diffID in diffIDs { try take(diffID, for: source) } }
        }
        event.how = "record"
        event.movedFrom = nil
        event.happened = [:]
        return ResolvedSource(event: event, snapshot: Snapshot(layers: event.layers))
    }

    /// Makes known where the layers of a lazy image can be had: here, or in the registry by their digests.
    private func offer(_ event: SourceResolved, platform: Platform) async throws {
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

    private func take(_ diffID: ContentDigest, for source: SourceOperation) throws {
        switch try origin.blobs.verify(diffID) {
        case .intact: try layers.blobs.adopt(diffID, from: origin.blobs)
        case .missing: throw SourceResolutionError.missing(identifier: source.identifier, digest: diffID)
        case .corrupt(let reason): throw BlobError.corrupt(diffID, reason: reason)
        }
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
