// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
public import BuildEvents
public import BuildExporters
public import BuildModel
import EventStorage
import Layers
import OCIModel
import SystemPackage

/// What an export of a recording gave.
public struct ExportedRecording: Sendable {
    /// The build.
    public var build: BuildID
    /// The digest of the recording's manifest, which names every byte of it.
    public var manifest: ContentDigest
    /// Whether fetchable material was left out.
    public var isThin: Bool
    /// How many events it holds.
    public var events: Int
    /// Its length in bytes.
    public var bytes: Int64
    /// The file; `nil` for standard output.
    public var path: String?
}

extension Engine {
    /// Writes the recording of a build: its events with their proofs, and all that a replay needs.
    ///
    /// The same build gives the same bytes at any time, and after an import elsewhere. The intent and the end are events
    /// of the store.
    ///
    /// - Parameters:
    ///   - isThin: Whether material that can be fetched again by its pin is left out.
    ///   - key: Signs the checkpoint; `nil` leaves it unsigned, which proves that the recording agrees with itself, and
    ///     with the log to whoever has that or a later checkpoint of it.
    /// - Throws: `RecordingError`, `EventLogError`, `ExportError`; the file is not there then.
    public func exportRecording(
        of id: BuildID,
        to destination: ExportDestination,
        isThin: Bool = false,
        key: NoteSigner? = nil
    ) async throws -> ExportedRecording {
        let blobs = layers.blobs
        let (documents, descriptors) = try await Offload.run {
            let documents = try self.recordingDocuments(of: id, isThin: isThin, key: key)
            do throws(RecordingFlaw) {
                return (documents, try documents.descriptors { blobs.size($0) })
            } catch {
                guard case .lacking(let digests) = error else { throw error.at("\(self.root)") }
                throw RecordingError.lacking(id, digests, count: digests.count)
            }
        }
        let place: Happened = if case .path(let path) = destination { ["destination": .string(path)] } else { [:] }
        let options = ["build": id.description].merging(isThin ? ["thin": "true"] : [:]) { $1 }
        log.append(.exportStarted(ExportStarted(exporter: "recording", options: options, happened: place)), build: nil)
        try await log.flush()
        let result = try await Offload.run { try self.write(documents, descriptors, to: destination) }
        log.append(
            .exportFinished(
                ExportFinished(
                    exporter: "recording",
                    digests: ["manifest": result.manifest],
                    names: [],
                    happened: ["bytes": .integer(result.bytes)]
                )
            ),
            build: nil
        )
        try await log.flush()
        return result
    }

    private func write(_ documents: RecordingDocuments, _ descriptors: [Descriptor], to destination: ExportDestination)
        throws -> ExportedRecording
    {
        let bytes = documents.manifest(descriptors).json.canonicalBytes
        let manifest = Descriptor(
            mediaType: MediaType.ociManifest,
            digest: ContentDigest(of: bytes),
            size: Int64(bytes.count),
            artifactType: MediaType.recording
        )
        let own: [ContentDigest: [UInt8]] = Dictionary(
            [RecordingFormat.configBytes, documents.eventBytes, documents.proofBytes, documents.noteBytes]
                .map { (ContentDigest(of: $0), $0) }
        ) { first, _ in first }
        var contents: [(descriptor: Descriptor, content: LayoutArchive.Content)] = [(manifest, .bytes(bytes))]
        for descriptor in descriptors {
            if let document = own[descriptor.digest] {
                contents.append((descriptor, .bytes(document)))
            } else {
                try checkStored(descriptor.digest)
                contents.append((descriptor, .stored))
            }
        }
        let environment = ExportEnvironment(
            layers: layers,
            workingDirectory: FilePath(environment.workingDirectory),
            temporaryDirectory: root.appending("tmp")
        )
        let written = try LayoutArchive.write(manifest, blobs: contents, to: destination, in: environment)
        return ExportedRecording(
            build: documents.build,
            manifest: manifest.digest,
            isThin: documents.isThin,
            events: documents.events.count,
            bytes: written.bytes,
            path: written.destination
        )
    }

    /// No recording carries bytes that are not what their digest names.
    private func checkStored(_ digest: ContentDigest) throws {
        switch try layers.blobs.verify(digest) {
        case .intact: break
        case .missing: throw BlobError.missing(digest)
        case .corrupt(let reason): throw BlobError.corrupt(digest, reason: reason)
        }
    }

    /// The documents of a build's recording: made from the log, or those that came with it.
    func recordingDocuments(of id: BuildID, isThin: Bool, key: NoteSigner?) throws -> RecordingDocuments {
        guard let summary = try log.build(id) else { throw EventLogError.unknownBuild(id.description) }
        guard summary.status != .running else { throw RecordingError.running(id) }
        let parts: (events: [UInt8], proofs: [UInt8], note: [UInt8])
        if let origin = try log.recording(of: id) {
            guard key == nil else { throw RecordingError.foreignCheckpoint(id) }
            parts = try importedParts(origin)
        } else {
            parts = try madeParts(summary, key: key)
        }
        do throws(RecordingFlaw) {
            return try RecordingDocuments(
                build: id,
                isThin: isThin,
                events: parts.events,
                proofs: parts.proofs,
                note: parts.note
            )
        } catch { throw error.at("\(root)") }
    }

    private func madeParts(_ summary: BuildSummary, key: NoteSigner?) throws
        -> (events: [UInt8], proofs: [UInt8], note: [UInt8])
    {
        let own = try log.storedEvents(of: summary.id)
        var events: [Int64: StoredEvent] = Dictionary(own.map { ($0.seq, $0) }) { first, _ in first }
        for event in own {
            guard case .stepReused(let step) = try event.recorded().event, step.producer > 0,
                let producer = try log.producer(step.producer, of: summary.id)
            else { continue }
            for event in [producer.finished, producer.output].compactMap(\.self) { events[event.seq] = event }
        }
        let sorted = events.values.sorted { $0.seq < $1.seq }
        let head = try log.head(size: summary.lastSeq)
        let proofs = try sorted.map { try log.inclusionProof(of: $0.seq, size: head.size).json }
        let note = Checkpoint(origin: try key?.verifier.name ?? log.identity(), head: head)
            .note(signedBy: key.map { [$0] } ?? [])
        return (EventLines.encode(sorted), JSONValue.array(proofs).canonicalBytes, Array(note.encoded.utf8))
    }

    /// The documents of an imported recording, from the blobs that its manifest names.
    func importedParts(_ origin: RecordedBuild) throws -> (events: [UInt8], proofs: [UInt8], note: [UInt8]) {
        let blobs = layers.blobs
        let manifest = try ImageManifest(json: JSONValue(parsing: blobs.read(origin.recording)))
        func document(_ type: String) throws -> [UInt8] {
            guard let descriptor = manifest.layers.first(where: { $0.mediaType == type }) else {
                throw RecordingError.damaged(path: "\(origin.recording)", reason: "it has no '\(type)'")
            }
            return try blobs.read(descriptor.digest, limit: RecordingFormat.largestDocument)
        }
        return (
            try document(RecordingFormat.events), try document(RecordingFormat.proofs),
            try document(RecordingFormat.checkpoint)
        )
    }
}
