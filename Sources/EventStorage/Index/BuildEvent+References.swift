// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

extension BuildEvent {
    /// The blobs that the event names, with what they are to it.
    public var blobReferences: [(ContentDigest, BlobReference.Role)] {
        switch self {
        case .definitionLoaded(let payload):
            [(payload.definition, .definition)] + one(payload.config, .config) + one(payload.dockerfile, .dockerfile)
        case .sourceResolved(let payload):
            (payload.isLazy ? [] : payload.layers.map { ($0, .layer) }) + payload.blobs.map { ($0, .source) }
        case .layerFetched(let payload): [(payload.layer, .layer)]
        case .contextDigested(let payload):
            [(payload.manifest, .context)] + one(payload.layer, .layer) + one(payload.ignoreRules, .ignoreRules)
        case .stepKeyed(let payload): [(payload.preimage, .preimage)]
        case .stepReused(let payload): payload.results.compactMap(\.diffID).map { ($0, .layer) }
        case .stepFinished(let payload): payload.results.compactMap(\.diffID).map { ($0, .layer) }
        case .stepOutput(let payload): [(payload.blob, .output)]
        case .imageStored(let payload):
            [(payload.manifest, .manifest), (payload.config, .config)] + payload.layers.map { ($0, .layer) }
        case .recordingImported(let payload):
            payload.layers.map { ($0, .layer) }
                + ([payload.recording, payload.events] + payload.blobs).map { ($0, .recording) }
        case .logCheckpointed(let payload): [(payload.note, .note)]
        default: []
        }
    }

    private func one(_ digest: ContentDigest?, _ role: BlobReference.Role) -> [(ContentDigest, BlobReference.Role)] {
        digest.map { [($0, role)] } ?? []
    }

    /// Whether the blobs that it names were there when it was appended, whatever was said before.
    ///
    /// A reused result was only read from the log.
    var bringsBlobs: Bool { if case .stepReused = self { false } else { true } }
}
