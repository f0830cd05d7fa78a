// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
public import BuildEvents
public import BuildModel
import EventStorage
import Layers
import OCIModel
public import SystemPackage

/// What an import of a recording gave.
public struct ImportedRecording: Sendable {
    /// The build, which keeps its id.
    public var build: BuildID
    /// The digest of the recording's manifest.
    public var manifest: ContentDigest
    /// Whether it was thin.
    public var isThin: Bool
    /// How many events it holds.
    public var events: Int
    /// Who signed its checkpoint, by the names of the keys; none of them was checked unless a key was given.
    public var signers: [String]
    /// The size and root of the log that its checkpoint names.
    public var head: TreeHead
    /// Whether anything was new.
    public var isNew: Bool
}

extension Engine {
    /// Verifies a recording and takes it in: one event, `recording.imported`, names it; its own events stay in its blob.
    ///
    /// - Parameters:
    ///   - path: A regular file, relative to the working directory unless it is absolute.
    ///   - verifier: Who must have signed its checkpoint; `nil` asks for no signature.
    /// - Throws: `RecordingError`; nothing is kept then.
    public func importRecording(_ path: FilePath, verifier: NoteVerifier? = nil) async throws -> ImportedRecording {
        let full = FilePath(environment.absolute(path.string))
        let (result, event) = try await Offload.run { try self.takeIn(full, verifier: verifier) }
        guard let event else { return result }
        log.append(.recordingImported(event), build: nil)
        try await log.flush()
        return result
    }

    /// The build that a person names: by its id, the start of it, `latest`, or a file with its recording.
    ///
    /// A recording is imported first, unless it is here already. What has a slash or ends in `.reel` names a file; so
    /// does what is no build's id, if there is such a file.
    ///
    /// - Returns: The id, and what was imported for it.
    public func build(namedBy text: String) async throws -> (id: BuildID, imported: ImportedRecording?) {
        if !text.contains("/"), !text.hasSuffix(".reel") {
            do { return (try log.build(matching: text).id, nil) } catch EventLogError.unknownBuild {
                guard isFile(text) else { throw EventLogError.unknownBuild(text) }
            }
        }
        let imported = try await importRecording(FilePath(text))
        return (imported.build, imported.isNew ? imported : nil)
    }

    private func isFile(_ text: String) -> Bool {
        (try? FileDescriptor.open(FilePath(environment.absolute(text)), .readOnly, options: [.closeOnExec]))
            .map { (try? $0.close()) != nil } ?? false
    }

    private func takeIn(_ path: FilePath, verifier: NoteVerifier?) throws -> (ImportedRecording, RecordingImported?) {
        let file = try RecordingFile(path, verifier: verifier)
        let documents = file.documents
        try checkConflict(documents, path: path.string)
        var result = ImportedRecording(
            build: documents.build,
            manifest: file.manifest.digest,
            isThin: documents.isThin,
            events: documents.events.count,
            signers: documents.note.signatures.map(\.name),
            head: documents.checkpoint.head,
            isNew: false
        )
        let isKnown = try log.recordedBuilds(matching: documents.build.description).contains {
            $0.recording == file.manifest.digest
        }
        let made = try store(file)
        result.isNew = !made.isEmpty || !isKnown
        guard result.isNew else { return (result, nil) }
        let (events, layers) = (ContentDigest(of: documents.eventBytes), layerDigests(file.blobs))
        let event = RecordingImported(
            recording: file.manifest.digest,
            events: events,
            builds: [documents.build],
            layers: layers,
            blobs: Set(file.blobs.map(\.digest)).subtracting(layers + [events]).sorted()
        )
        return (result, event)
    }

    private func layerDigests(_ blobs: [Descriptor]) -> [ContentDigest] {
        blobs.filter { $0.mediaType == RecordingFormat.mediaType(.layer) }.map(\.digest).sorted()
    }

    /// A build of this id that is here must have the same events.
    private func checkConflict(_ documents: RecordingDocuments, path: String) throws {
        let id = documents.build.description
        let known: [StoredEvent]
        do { known = try log.storedEvents(of: documents.build) } catch EventLogError.eventsMissing {
            return  // imported once; this brings them back
        }
        guard known.isEmpty || known == documents.events.filter({ $0.build == id }) else {
            throw RecordingError.conflict(path: path, documents.build)
        }
    }

    /// Stores the blobs that are not here, and flushes them.
    ///
    /// - Returns: What was stored; nothing of it stays when one can't be.
    private func store(_ file: RecordingFile) throws -> [ContentDigest] {
        let blobs = layers.blobs
        var made: [ContentDigest] = []
        do {
            if file.documents.material.needsEmpty { _ = try blobs.put([]) }
            for descriptor in file.blobs + [file.manifest] {
                switch try blobs.verify(descriptor.digest) {
                case .intact: continue
                case .missing: break
                case .corrupt: try blobs.remove(descriptor.digest)
                }
                try copy(descriptor, from: file)
                made.append(descriptor.digest)
            }
            try blobs.flush()
        } catch {
            for digest in made { try? blobs.remove(digest) }
            throw error
        }
        return made
    }

    private func copy(_ descriptor: Descriptor, from file: RecordingFile) throws {
        let changed = RecordingError.damaged(path: file.archive.path, reason: "it changed while it was read")
        guard let place = file.archive.members[RecordingFile.name(descriptor.digest)] else { throw changed }
        let writer = try layers.blobs.writer()
        try unsafe file.archive.forEachPiece(of: place) { try unsafe writer.write($0) }
        let stored = try writer.finish()
        guard stored.digest == descriptor.digest else {
            try layers.blobs.remove(stored.digest)
            throw changed
        }
    }
}
