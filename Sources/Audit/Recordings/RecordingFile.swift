// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
import BuildModel
import OCIModel
import SystemPackage

/// A recording in a file, every byte of which was verified.
struct RecordingFile {
    let archive: RecordingArchive
    let documents: RecordingDocuments
    let manifest: Descriptor
    /// Every blob but the manifest, configuration and documents first.
    let blobs: [Descriptor]

    /// Reads and verifies the file.
    ///
    /// Every blob is what its name says, the events are those that the checkpoint covers, and the manifest, the index and
    /// the tar are what follows from them.
    ///
    /// - Parameter verifier: Who must have signed the checkpoint; without one the signatures are not looked at.
    /// - Throws: `RecordingError`.
    init(_ path: FilePath, verifier: NoteVerifier? = nil) throws {
        archive = try RecordingArchive(path)
        for (name, place) in archive.members.sorted(by: { $0.value.offset < $1.value.offset })
        where name.hasPrefix("blobs/") {
            let digest = try archive.digest(of: place)
            guard name == Self.name(digest) else {
                throw RecordingError.damaged(path: path.string, reason: "\(name) has other bytes than its name says")
            }
        }
        manifest = try Self.manifest(archive)
        let bytes = try Self.read(manifest, archive)
        guard let json = try? JSONValue(parsing: bytes), let image = try? ImageManifest(json: json) else {
            throw RecordingError.unreadable(path: path.string, reason: "this is no recording: its manifest is none")
        }
        documents = try Self.documents(image, archive)
        let members = archive.members
        do throws(RecordingFlaw) {
            blobs = try documents.descriptors { members[Self.name($0)]?.length }
        } catch { throw error.at(path.string) }
        guard documents.manifest(blobs).json.canonicalBytes == bytes else {
            throw RecordingError.damaged(path: path.string, reason: "its manifest is not what its events give")
        }
        try Self.checkLayout(archive, manifest: manifest, blobs: blobs)
        if let verifier {
            guard documents.note.isSigned(by: verifier) else {
                throw RecordingError.unsigned(path: path.string, name: verifier.name)
            }
        }
    }

    static func name(_ digest: ContentDigest) -> String { "blobs/sha256/\(digest.hex)" }

    private static func read(_ descriptor: Descriptor, _ archive: RecordingArchive) throws -> [UInt8] {
        guard let place = archive.members[name(descriptor.digest)], place.length == descriptor.size else {
            throw RecordingError.damaged(
                path: archive.path,
                reason: "\(descriptor.digest) is missing, or has another length"
            )
        }
        return try archive.read(place, limit: RecordingFormat.largestDocument)
    }

    /// The one manifest of `index.json`.
    private static func manifest(_ archive: RecordingArchive) throws -> Descriptor {
        guard let place = archive.members["index.json"],
            let json = try? JSONValue(parsing: archive.read(place, limit: 1 << 20)),
            let index = try? ImageIndex(json: json), let only = index.manifests.first, index.manifests.count == 1
        else {
            throw RecordingError.unreadable(
                path: archive.path,
                reason: "this is no recording: index.json does not name one manifest"
            )
        }
        return Descriptor(
            mediaType: only.mediaType,
            digest: only.digest,
            size: only.size,
            artifactType: MediaType.recording
        )
    }

    private static func documents(_ image: ImageManifest, _ archive: RecordingArchive) throws
        -> RecordingDocuments
    {
        let path = archive.path
        guard let type = image.artifactType, type.hasPrefix("application/vnd.reel.recording.") else {
            throw RecordingError.unreadable(path: path, reason: "this is an OCI layout, but no recording of a build")
        }
        guard type == MediaType.recording else { throw RecordingError.newer(path: path, what: "it is a '\(type)'") }
        guard let text = image.annotations[RecordingFormat.buildAnnotation], let build = try? BuildID(parsing: text)
        else {
            throw RecordingError.damaged(path: path, reason: "its manifest does not name a build")
        }
        func document(_ type: String) throws -> [UInt8] {
            guard let descriptor = image.layers.first(where: { $0.mediaType == type }) else {
                throw RecordingError.damaged(path: path, reason: "it has no '\(type)'")
            }
            return try read(descriptor, archive)
        }
        let (events, proofs) = (try document(RecordingFormat.events), try document(RecordingFormat.proofs))
        let note = try document(RecordingFormat.checkpoint)
        do throws(RecordingFlaw) {
            return try RecordingDocuments(
                build: build,
                isThin: image.annotations[RecordingFormat.thinAnnotation] == "true",
                events: events,
                proofs: proofs,
                note: note
            )
        } catch { throw error.at(path) }
    }

    /// That the layout holds the manifest and its blobs, and nothing else.
    private static func checkLayout(
        _ archive: RecordingArchive,
        manifest: Descriptor,
        blobs: [Descriptor]
    ) throws {
        let path = archive.path
        let wanted = Set((blobs + [manifest]).map { name($0.digest) } + ["index.json", "oci-layout"])
        if let stray = archive.members.keys.sorted().first(where: { !wanted.contains($0) }) {
            throw RecordingError.damaged(path: path, reason: "nothing names its \(stray)")
        }
        guard let index = archive.members["index.json"], let layout = archive.members["oci-layout"] else {
            throw RecordingError.damaged(path: path, reason: "it has no index.json or no oci-layout")
        }
        let layoutBytes = try archive.read(layout, limit: 1 << 20)
        guard manifest.mediaType == MediaType.ociManifest,
            (try? JSONValue(parsing: layoutBytes))?["imageLayoutVersion"]?.text == "1.0.0"
        else { throw RecordingError.damaged(path: path, reason: "its index.json or oci-layout is of another kind") }
        guard archive.isOwn else { return }
        guard try archive.read(index, limit: 1 << 20) == LayoutArchive.index(of: manifest),
            layoutBytes == LayoutArchive.layout
        else { throw RecordingError.damaged(path: path, reason: "its index.json or oci-layout was changed") }
    }
}
