// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import EventStorage
import Layers
import OCIModel

extension Engine {
    /// What is wrong with the documents of an imported recording: events, proofs, checkpoint, and the manifest over them.
    ///
    /// Its other blobs are not looked at.
    ///
    /// - Returns: The recording's blobs by what they are, and a sentence if something is wrong.
    /// - Throws: `BlobError` when a document is not stored, or is not what its digest names.
    func check(_ origin: RecordedBuild) throws -> (blobs: [ContentDigest: String], problem: String?) {
        let bytes = try layers.blobs.read(origin.recording, limit: RecordingFormat.largestDocument)
        guard let json = try? JSONValue(parsing: bytes), let manifest = try? ImageManifest(json: json) else {
            return ([origin.recording: "recording"], "it is no manifest")
        }
        var blobs = [origin.recording: "recording", manifest.config.digest: "recording"]
        for layer in manifest.layers { blobs[layer.digest] = Self.role(layer.mediaType) }
        let parts = try importedParts(origin)
        do throws(RecordingFlaw) {
            let documents = try RecordingDocuments(
                build: origin.id,
                isThin: manifest.annotations[RecordingFormat.thinAnnotation] == "true",
                events: parts.events,
                proofs: parts.proofs,
                note: parts.note
            )
            let sizes = Dictionary(manifest.layers.map { ($0.digest, $0.size) }) { first, _ in first }
            let made = documents.manifest(try documents.descriptors { sizes[$0] })
            guard made.json.canonicalBytes == bytes, ContentDigest(of: documents.eventBytes) == origin.events else {
                return (blobs, "its manifest is not what its events give")
            }
            return (blobs, nil)
        } catch {
            switch error {
            case .damaged(let reason): return (blobs, reason)
            case .newer(let what): return (blobs, "\(what), which this reel does not know")
            case .lacking(let digests): return (blobs, "it does not name \(digests.count) blobs that its events need")
            }
        }
    }

    private static func role(_ mediaType: String) -> String {
        BlobReference.Role.allCases.first { RecordingFormat.mediaType($0) == mediaType }?.rawValue ?? "recording"
    }
}
