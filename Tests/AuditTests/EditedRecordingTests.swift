// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildExporters
import BuildModel
import EventStorage
import Foundation
import Layers
import OCIModel
import SystemPackage
import Testing

@testable import Audit

@Suite("Edited recordings")
struct EditedRecordingTests {
    /// Whether the file is taken for a recording; every refusal must be one of ours.
    private func isAccepted(_ bytes: [UInt8], _ site: Site) throws -> Bool {
        try site.write(bytes, to: "edited.reel")
        do {
            _ = try RecordingFile(FilePath(site.path("edited.reel")))
            return true
        } catch is RecordingError { return false }
    }

    @Test("A flipped bit is refused, in every kind of header and in every blob", .timeLimit(.minutes(2)))
    func flips() async throws {
        let site = try Site()
        try await site.record()
        let original = try site.read("small.reel")
        #expect(try isAccepted(original, site))
        let archive = try RecordingArchive(FilePath(site.path("small.reel")))
        var offsets: [Int] = []
        // One header of each kind whole; of the others, and of contents, padding and end, a sample.
        offsets += 0..<512
        for name in ["index.json", "oci-layout"] {
            let place = try #require(archive.members[name])
            offsets += Int(place.offset) - 512..<Int(place.offset + place.length)
        }
        let blobs = archive.members.filter { $0.key.hasPrefix("blobs/") }.sorted { $0.value.offset < $1.value.offset }
        offsets += try Int(#require(blobs.first).value.offset) - 512..<Int(#require(blobs.first).value.offset)
        for (number, (_, place)) in blobs.enumerated() {
            offsets += stride(from: Int(place.offset) - 512 + number, to: Int(place.offset), by: 41)
            offsets += stride(
                from: Int(place.offset),
                to: Int(place.offset + place.length),
                by: 1 + Int(place.length) / 12
            )
            offsets.append(Int((place.offset + place.length + 511) & ~511) - 1)
        }
        offsets += stride(from: original.count - 1024, to: original.count, by: 97)
        offsets.append(original.count - 1)
        for (number, offset) in offsets.enumerated() {
            var bytes = original
            bytes[offset] ^= 1 << UInt8(number % 8)
            #expect(try !isAccepted(bytes, site), "byte \(offset), bit \(number % 8)")
        }
        #expect(offsets.count > 2000)
    }

    @Test("A recording that is cut off anywhere, or goes on, is refused")
    func cutOff() async throws {
        let site = try Site()
        try await site.record()
        let original = try site.read("small.reel")
        for length in stride(from: 0, to: original.count, by: 511) {
            #expect(try !isAccepted(Array(original[..<length]), site), "\(length) bytes")
        }
        #expect(try !isAccepted(Array(original.dropLast()), site))
        #expect(try !isAccepted(original + [0], site))
        #expect(try !isAccepted(original + original, site))
    }

    struct Forgery: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var change: @Sendable (inout Repacked) throws -> Void

        init(_ name: String, _ change: @escaping @Sendable (inout Repacked) throws -> Void) {
            testDescription = name
            self.change = change
        }
    }

    static let forgeries = [
        Forgery("an event") { recording in
            let text = String(decoding: recording.document(RecordingFormat.events), as: UTF8.self)
            recording.replace(RecordingFormat.events, with: Array(text.replacing("small:1", with: "small:9").utf8))
        },
        Forgery("an event, and its leaf in the proof") { recording in
            var events = try EventLines.decode(recording.document(RecordingFormat.events))
            let old = events[0].leaf
            events[0].time += 1
            recording.replace(RecordingFormat.events, with: EventLines.encode(events))
            let proofs = String(decoding: recording.document(RecordingFormat.proofs), as: UTF8.self)
            let changed = proofs.replacing(old.description, with: events[0].leaf.description)
            recording.replace(RecordingFormat.proofs, with: Array(changed.utf8))
        },
        Forgery("an event left out") { recording in
            let events = try EventLines.decode(recording.document(RecordingFormat.events))
            recording.replace(RecordingFormat.events, with: EventLines.encode(events.dropLast()))
        },
        Forgery("the end left out, with everything made anew") { try $0.forge { $0.removeLast() } },
        Forgery("the beginning left out, with everything made anew") { try $0.forge { $0.removeFirst() } },
        Forgery("an event of another build, with everything made anew") { recording in
            try recording.forge { $0[0].build = "" }
        },
        Forgery("a newer event, with everything made anew") { recording in
            try recording.forge { $0[1].version = 99 }
        },
        Forgery("a hash in a proof") { recording in
            var proofs = try JSONValue(parsing: recording.document(RecordingFormat.proofs)).elements ?? []
            var members = proofs[2].members ?? [:]
            members["path"] = .array((members["path"]?.elements ?? []).reversed())
            proofs[2] = .object(members)
            recording.replace(RecordingFormat.proofs, with: JSONValue.array(proofs).canonicalBytes)
        },
        Forgery("white space in the proofs") { recording in
            recording.replace(RecordingFormat.proofs, with: recording.document(RecordingFormat.proofs) + [0x0A])
        },
        Forgery("the size in the checkpoint") { recording in
            let note = try SignedNote(
                parsing: String(decoding: recording.document(RecordingFormat.checkpoint), as: UTF8.self)
            )
            var checkpoint = try Checkpoint(parsing: note.text)
            checkpoint.head.size += 1
            recording.replace(RecordingFormat.checkpoint, with: Array(checkpoint.note(signedBy: []).encoded.utf8))
        },
        Forgery("a fourth line in the checkpoint") { recording in
            let text = String(decoding: recording.document(RecordingFormat.checkpoint), as: UTF8.self)
            let longer = text.replacing("\n\n", with: "\nmore\n\n")
            recording.replace(RecordingFormat.checkpoint, with: Array(longer.utf8))
        },
        Forgery("an annotation") { $0.manifest.annotations["dev.reel.note"] = "hello" },
        Forgery("the build's name in the manifest") { recording in
            recording.manifest.annotations[RecordingFormat.buildAnnotation] = "01hf7yavyg0010000000000007"
        },
        Forgery("a claim to be thin") { $0.manifest.annotations[RecordingFormat.thinAnnotation] = "false" },
        Forgery("the order of the blobs") { $0.manifest.layers.swapAt(4, 5) },
        Forgery("what a blob is") { $0.manifest.layers[4].mediaType = "application/octet-stream" },
        Forgery("the length of a blob") { $0.manifest.layers[4].size += 1 },
        Forgery("a blob left out") { recording in
            let last = recording.manifest.layers.removeLast()
            recording.blobs[last.digest] = nil
        },
        Forgery("a blob left out of the layout alone") { recording in
            recording.blobs[recording.manifest.layers[4].digest] = nil
        },
        Forgery("a blob too many") { $0.blobs[ContentDigest(of: "stowaway")] = Array("stowaway".utf8) },
        Forgery("another configuration") { recording in
            recording.manifest.config.mediaType = "application/vnd.oci.image.config.v1+json"
        },
        Forgery("an index with another annotation") { recording in
            let bytes = recording.manifest.json.canonicalBytes
            let descriptor = Descriptor(
                mediaType: MediaType.ociManifest,
                digest: ContentDigest(of: bytes),
                size: Int64(bytes.count),
                annotations: ["org.opencontainers.image.ref.name": "x"],
                artifactType: MediaType.recording
            )
            recording.index = LayoutArchive.index(of: descriptor)
        },
        Forgery("an index of two manifests") { recording in
            let bytes = recording.manifest.json.canonicalBytes
            let descriptor = Descriptor(
                mediaType: MediaType.ociManifest,
                digest: ContentDigest(of: bytes),
                size: Int64(bytes.count)
            )
            recording.index = ImageIndex(manifests: [descriptor, descriptor]).json.canonicalBytes
        },
        Forgery("another version of the layout") { $0.layout = Array(#"{"imageLayoutVersion":"1.0.1"}"#.utf8) },
        Forgery("a newer kind of recording") { $0.manifest.artifactType = "application/vnd.reel.recording.v2" },
        Forgery("no recording at all") { $0.manifest.artifactType = nil },
    ]

    @Test("Whoever changes one thing and recomputes what follows from it is refused", arguments: forgeries)
    func forgery(_ forgery: Forgery) async throws {
        let site = try Site()
        try await site.record()
        var recording = try Repacked(site.path("small.reel"))
        #expect(recording.bytes == (try site.read("small.reel")), "taken apart and put together it is the same")
        try forgery.change(&recording)
        try site.write(recording.bytes, to: "forged.reel")
        let engine = try site.engine("other")
        await #expect(throws: RecordingError.self) {
            _ = try await engine.importRecording(FilePath(site.path("forged.reel")))
        }
        #expect(try engine.log.count() == 0)
        #expect(try engine.layers.blobs.all().isEmpty)
        if !["an index with another annotation", "another version of the layout", "an annotation"]
            .contains(forgery.testDescription),
            forgery.testDescription.hasPrefix("a hash")
                || forgery.testDescription.hasPrefix("an event left") || forgery.testDescription == "an event"
        {
            #expect(try site.verify("forged.reel").code == 12)
        }
    }

    @Test("A log that never was agrees with itself; only a key or the log tells")
    func forgedWhole() async throws {
        let site = try Site()
        let id = try await site.record()
        var recording = try Repacked(site.path("small.reel"))
        try recording.forge { events in
            events[0].time += 1
        }
        try site.write(recording.bytes, to: "forged.reel")
        let key = try NoteSigner(name: "build.example", seed: Array(1...32))
        let other = try site.engine("other")
        await #expect(throws: RecordingError.unsigned(path: site.path("forged.reel"), name: "build.example")) {
            _ = try await other.importRecording(FilePath(site.path("forged.reel")), verifier: key.verifier)
        }
        let engine = try site.engine()
        await #expect(throws: RecordingError.conflict(path: site.path("forged.reel"), id)) {
            _ = try await engine.importRecording(FilePath(site.path("forged.reel")))
        }
        #expect(try await other.importRecording(FilePath(site.path("forged.reel"))).build == id)
    }

    @Test("Another program's tar of the same layout is read, and gives the same bytes again")
    func repacked() async throws {
        let site = try Site()
        let id = try await site.record()
        let packed = try site.run("/bin/sh", "-c", "mkdir x && tar xf small.reel -C x && tar cf packed.reel -C x .")
        #expect(packed.code == 0, "\(packed.output)")
        let engine = try site.engine("other")
        #expect(try await engine.importRecording(FilePath(site.path("packed.reel"))).build == id)
        _ = try await engine.exportRecording(of: id, to: .path(site.path("again.reel")))
        #expect(try site.read("again.reel") == site.read("small.reel"))
        var bytes = try site.read("packed.reel")
        let archive = try RecordingArchive(FilePath(site.path("packed.reel")))
        for (_, place) in archive.members where place.length > 0 {
            bytes[Int(place.offset)] ^= 1
            #expect(try !isAccepted(bytes, site))
            bytes[Int(place.offset)] ^= 1
        }
    }
}
