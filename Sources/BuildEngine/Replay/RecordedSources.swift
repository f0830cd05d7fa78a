// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB
import Layers
import OCIModel

/// Sources from a record: nothing is resolved anew, every blob is verified, and then linked into the replay's store.
struct RecordedSources: PinResolving {
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
        if origin.blobs.root != layers.blobs.root {
            let diffIDs = event.layers
            try await Offload.run { for diffID in diffIDs { try take(diffID, for: source) } }
        }
        event.how = "record"
        event.movedFrom = nil
        event.happened = [:]
        return ResolvedSource(event: event, snapshot: Snapshot(layers: event.layers))
    }

    private func take(_ diffID: ContentDigest, for source: SourceOperation) throws {
        switch try origin.blobs.verify(diffID) {
        case .intact: try layers.blobs.adopt(diffID, from: origin.blobs)
        case .missing: throw SourceResolutionError.missing(identifier: source.identifier, digest: diffID)
        case .corrupt(let reason): throw BlobError.corrupt(diffID, reason: reason)
        }
    }
}
