// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
import BuildModel
import OCIModel
import SystemPackage

@testable import Audit

/// A recording taken apart, to be changed and put together again by somebody who knows its form.
struct Repacked {
    var manifest: ImageManifest
    var blobs: [ContentDigest: [UInt8]] = [:]
    /// What `index.json` says, if not what follows.
    var index: [UInt8]?
    var layout = LayoutArchive.layout

    init(_ path: String) throws {
        let file = try RecordingFile(FilePath(path))
        for descriptor in file.blobs + [file.manifest] {
            guard let place = file.archive.members[RecordingFile.name(descriptor.digest)] else { continue }
            blobs[descriptor.digest] = try file.archive.read(place, limit: 1 << 30)
        }
        manifest = try ImageManifest(json: JSONValue(parsing: blobs[file.manifest.digest] ?? []))
        blobs[file.manifest.digest] = nil
    }

    func document(_ type: String) -> [UInt8] {
        manifest.layers.first { $0.mediaType == type }.flatMap { blobs[$0.digest] } ?? []
    }

    /// Replaces a document, and its descriptor.
    mutating func replace(_ type: String, with bytes: [UInt8]) {
        guard let place = manifest.layers.firstIndex(where: { $0.mediaType == type }) else { return }
        blobs[manifest.layers[place].digest] = nil
        manifest.layers[place].digest = ContentDigest(of: bytes)
        manifest.layers[place].size = Int64(bytes.count)
        blobs[ContentDigest(of: bytes)] = bytes
    }

    /// The events, changed, with leaves and a checkpoint that are made anew: a log that never was.
    mutating func forge(_ change: (inout [StoredEvent]) -> Void) throws {
        var events = try EventLines.decode(document(RecordingFormat.events))
        change(&events)
        var leaves: [Int64: ContentDigest] = [:]
        for event in events { leaves[event.seq] = event.leaf }
        let size = events.last?.seq ?? 0
        func node(_ place: MerkleNode) -> ContentDigest {
            if place.level == 0 { return leaves[place.index + 1] ?? ContentDigest(of: "some other event") }
            return MerkleTree.nodeHash(
                node(MerkleNode(level: place.level - 1, index: place.index * 2)),
                node(MerkleNode(level: place.level - 1, index: place.index * 2 + 1))
            )
        }
        let root = MerkleTree.root(size: size, node: node)
        let proofs = events.map { event in
            InclusionProof(
                seq: event.seq,
                leaf: event.leaf,
                size: size,
                path: MerkleTree.inclusionPath(index: event.seq - 1, size: size, node: node)
            ).json
        }
        replace(RecordingFormat.events, with: EventLines.encode(events))
        replace(RecordingFormat.proofs, with: JSONValue.array(proofs).canonicalBytes)
        let note = Checkpoint(origin: "forged", head: TreeHead(size: size, root: root)).note(signedBy: [])
        replace(RecordingFormat.checkpoint, with: Array(note.encoded.utf8))
    }

    /// The tar, its headers as reel writes them.
    var bytes: [UInt8] {
        let document = manifest.json.canonicalBytes
        var files = blobs
        files[ContentDigest(of: document)] = document
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest,
            digest: ContentDigest(of: document),
            size: Int64(document.count),
            artifactType: MediaType.recording
        )
        var out = LayoutArchive.header(ofFolder: "blobs") + LayoutArchive.header(ofFolder: "blobs/sha256")
        func add(_ name: String, _ bytes: [UInt8]) {
            out += LayoutArchive.header(ofFile: name, size: Int64(bytes.count)) + bytes
            out += [UInt8](repeating: 0, count: -bytes.count & 511)
        }
        for (digest, bytes) in files.sorted(by: { $0.key < $1.key }) { add(RecordingFile.name(digest), bytes) }
        add("index.json", index ?? LayoutArchive.index(of: descriptor))
        add("oci-layout", layout)
        return out + LayoutArchive.end
    }
}
