// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import OCIModel

/// The documents of a recording: the events of a build, their proofs, and the checkpoint that these lead to.
///
/// The manifest, and with it every byte of the recording apart from the material's, follows from them.
struct RecordingDocuments: Sendable {
    let build: BuildID
    let isThin: Bool
    /// The build's events, and before them those by which other builds gave it results.
    let events: [StoredEvent]
    let proofs: [InclusionProof]
    let note: SignedNote
    let checkpoint: Checkpoint
    let eventBytes: [UInt8]
    let proofBytes: [UInt8]
    let noteBytes: [UInt8]
    /// What the events say.
    let recorded: [RecordedEvent]

    /// Reads the three documents and checks that they agree.
    ///
    /// - Throws: `RecordingFlaw`.
    init(build: BuildID, isThin: Bool, events: [UInt8], proofs: [UInt8], note: [UInt8]) throws(RecordingFlaw) {
        self.build = build
        self.isThin = isThin
        (eventBytes, proofBytes, noteBytes) = (events, proofs, note)
        do { self.events = try EventLines.decode(events) } catch {
            throw .damaged("\(error.member) of its events \(error.problem)")
        }
        recorded = try Self.recorded(self.events)
        do throws(CheckpointError) {
            let text = String(decoding: note, as: UTF8.self)
            self.note = try SignedNote(parsing: text)
            checkpoint = try Checkpoint(parsing: self.note.text)
        } catch { throw .damaged("its checkpoint \(error.problem)") }
        guard Array(self.note.encoded.utf8) == note, checkpoint.text == self.note.text else {
            throw .damaged("its checkpoint is not in canonical form")
        }
        self.proofs = try Self.proofs(proofs)
        try checkProofs()
        try checkBuild()
    }

    /// What the build's own events say.
    var own: [RecordedEvent] { recorded.filter { $0.build == build } }

    private static func recorded(_ events: [StoredEvent]) throws(RecordingFlaw) -> [RecordedEvent] {
        var out: [RecordedEvent] = []
        for event in events {
            let recorded: RecordedEvent
            do { recorded = try event.recorded() } catch {
                throw .damaged("event \(event.seq) has a member '\(error.member)' that \(error.problem)")
            }
            if case .unknown(let kind, let version, _) = recorded.event {
                throw .newer("it holds an event '\(kind)' of version \(version)")
            }
            out.append(recorded)
        }
        return out
    }

    private static func proofs(_ bytes: [UInt8]) throws(RecordingFlaw) -> [InclusionProof] {
        guard let json = try? JSONValue(parsing: bytes), let elements = json.elements, json.canonicalBytes == bytes
        else {
            throw .damaged("its proofs are not a canonical JSON array")
        }
        var proofs: [InclusionProof] = []
        for element in elements {
            guard let proof = InclusionProof(json: element), proof.json == element else {
                throw .damaged("proof \(proofs.count + 1) does not have the form of one")
            }
            proofs.append(proof)
        }
        return proofs
    }

    private func checkProofs() throws(RecordingFlaw) {
        guard proofs.map(\.seq) == events.map(\.seq) else {
            throw .damaged("it does not have one proof for each event")
        }
        for (event, proof) in zip(events, proofs) {
            guard event.leaf == proof.leaf, proof.size == checkpoint.head.size,
                proof.isValid(root: checkpoint.head.root)
            else { throw .damaged("event \(event.seq) is not what the checkpoint covers") }
        }
    }

    /// That there is one build from its beginning to the checkpoint, and beside it only what gave it results.
    private func checkBuild() throws(RecordingFlaw) {
        let own = own
        guard case .buildStarted? = own.first?.event, own.last?.seq == checkpoint.head.size else {
            throw .damaged("it does not hold build \(build) from its beginning to its end")
        }
        guard own.contains(where: \.event.endsBuild) else { throw .damaged("build \(build) has no end in it") }
        var wanted: [Int64: ContentDigest] = [:]
        for event in own {
            if case .stepReused(let step) = event.event, step.producer > 0 { wanted[step.producer] = step.key }
        }
        var finished: [BuildID: Set<ContentDigest>] = [:]
        for event in recorded {
            guard case .stepFinished(let step) = event.event, let key = wanted[event.seq], let build = event.build
            else {
                continue
            }
            guard key == step.key else { throw .damaged("event \(event.seq) did not give the result that was reused") }
            finished[build, default: []].insert(step.vertex)
        }
        for event in recorded where event.build != build {
            let isWanted =
                switch event.event {
                case .stepFinished: wanted[event.seq] != nil
                case .stepOutput(let output): event.build.map { finished[$0]?.contains(output.vertex) == true } ?? false
                default: false
                }
            guard isWanted else { throw .damaged("event \(event.seq) is not the build's, and gave it nothing") }
        }
    }

    // MARK: The manifest

    /// Every blob but the manifest, in the order of the manifest: configuration, documents, material.
    func descriptors(size: (ContentDigest) -> Int64?) throws(RecordingFlaw) -> [Descriptor] {
        func document(_ type: String, _ bytes: [UInt8]) -> Descriptor {
            Descriptor(mediaType: type, digest: ContentDigest(of: bytes), size: Int64(bytes.count))
        }
        var out = [
            RecordingFormat.config, document(RecordingFormat.events, eventBytes),
            document(RecordingFormat.proofs, proofBytes), document(RecordingFormat.checkpoint, noteBytes),
        ]
        var missing: [ContentDigest] = []
        for (digest, role) in material.blobs(isThin: isThin) {
            guard let size = size(digest) else {
                missing.append(digest)
                continue
            }
            out.append(Descriptor(mediaType: RecordingFormat.mediaType(role), digest: digest, size: size))
        }
        guard missing.isEmpty else { throw .lacking(missing) }
        return out
    }

    /// The material of all its events.
    var material: RecordedMaterial { RecordedMaterial(recorded.map(\.event)) }

    /// The manifest over `descriptors`.
    func manifest(_ descriptors: [Descriptor]) -> ImageManifest {
        var annotations = [RecordingFormat.buildAnnotation: build.description]
        if isThin { annotations[RecordingFormat.thinAnnotation] = "true" }
        return ImageManifest(
            config: RecordingFormat.config,
            layers: Array(descriptors.dropFirst()),
            annotations: annotations,
            artifactType: MediaType.recording
        )
    }
}

/// What is wrong with a recording, before it is known where it lies.
enum RecordingFlaw: Error {
    case damaged(String)
    case newer(String)
    case lacking([ContentDigest])

    /// The error that a person reads.
    func at(_ path: String) -> RecordingError {
        switch self {
        case .damaged(let reason): .damaged(path: path, reason: reason)
        case .newer(let what): .newer(path: path, what: what)
        case .lacking(let digests):
            .damaged(
                path: path,
                reason: "\(digests.count) blob\(digests.count == 1 ? " is" : "s are") missing, \(digests[0]) the first"
            )
        }
    }
}
