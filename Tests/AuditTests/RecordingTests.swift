// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildExporters
import BuildModel
import EventStorage
import Foundation
import Layers
import SystemPackage
import Testing

@testable import Audit

@Suite("Recordings")
struct RecordingTests {
    @Test("The same build gives the same bytes, whenever and wherever it is exported")
    func deterministic() async throws {
        let site = try Site()
        let id = try await site.record()
        let first = try site.read("small.reel")
        let engine = try site.engine()
        // The log has grown since, and another build reused its steps.
        let second = try await site.build(engine, tag: "small:2")
        _ = try await engine.exportRecording(of: id, to: .path(site.path("again.reel")))
        #expect(try site.read("again.reel") == first)
        _ = try await engine.exportRecording(of: second, to: .path(site.path("second.reel")))

        let other = try site.engine("other")
        for (name, build) in [("small.reel", id), ("second.reel", second)] {
            let imported = try await other.importRecording(FilePath(site.path(name)))
            #expect(imported.build == build)
            #expect(imported.isNew)
            _ = try await other.exportRecording(of: build, to: .path(site.path("other.reel")))
            #expect(try site.read("other.reel") == site.read(name))
        }
        #expect(try site.verify("small.reel").code == 0)
        #expect(try site.verify("second.reel").code == 0)
    }

    @Test("An import is one event; the build keeps id, events and numbers, and can be asked like any other")
    func imported() async throws {
        let site = try Site()
        let id = try await site.record()
        let original = try site.engine()
        let engine = try site.engine("other")
        _ = try await engine.importRecording(FilePath(site.path("small.reel")))
        #expect(try engine.log.events().map(\.event.kind) == ["recording.imported"])
        #expect(try engine.log.storedEvents(of: id) == original.log.storedEvents(of: id))
        var summary = try engine.log.build(matching: "latest")
        #expect(summary.recording != nil)
        summary.recording = nil
        #expect(try summary == original.log.build(matching: "latest"))
        var filter = BuildFilter()
        #expect(try engine.log.builds(filter).map(\.id) == [id])
        filter.tag = "small:1"
        #expect(try engine.log.builds(filter).count == 1)
        filter.status = [.failed]
        #expect(try engine.log.builds(filter).isEmpty)
        #expect(try engine.log.contexts(of: id) == original.log.contexts(of: id))
        #expect(try await engine.audit().isSound)
        #expect(try await engine.audit(id).isSound)
        // Everything derived is made again from the one event and the blob that it names.
        try engine.log.rebuildIndex()
        #expect(try engine.log.builds().map(\.id) == [id])
        #expect(try await engine.audit().isSound)

        let again = try await engine.importRecording(FilePath(site.path("small.reel")))
        #expect(!again.isNew)
        #expect(try engine.log.count() == 1)
        #expect(try await original.importRecording(FilePath(site.path("small.reel"))).build == id)
        #expect(try original.log.build(matching: id.description).recording == nil, "its own build stays its own")
        #expect(try original.log.builds().map(\.id) == [id])
    }

    @Test("A build is replayed and run again from a file alone, its directory gone")
    func replayed() async throws {
        let site = try Site()
        let id = try await site.record()
        try FileManager.default.removeItem(atPath: site.path("context"))
        try FileManager.default.removeItem(atPath: site.path("root"))
        let engine = try site.engine("other")
        let named = try await engine.build(namedBy: site.path("small.reel"))
        #expect(named.id == id)
        #expect(named.imported?.isNew == true)
        let report = try await engine.replay(id, observer: SilentObserver())
        #expect(report.isIdentical)
        #expect(report.comparisons.count >= 4)
        #expect(try await engine.build(namedBy: site.path("small.reel")).imported == nil)
        let rerun = try await engine.repeatBuild(id, as: .rerun, observer: SilentObserver())
        #expect(rerun.image == (try engine.log.build(id)?.image))
        #expect(try await engine.audit().isSound)
    }

    @Test("Blobs that were pruned come back with the recording")
    func restores() async throws {
        let site = try Site()
        let id = try await site.record()
        let engine = try site.engine()
        let layer = try #require(engine.log.contexts(of: id).first?.layer)
        try engine.layers.blobs.remove(layer)
        engine.log.append(.blobsPruned(BlobsPruned(digests: [layer], bytes: 1, reason: "all")), build: nil)
        try await engine.log.flush()
        let lacking = RecordingError.lacking(id, [layer], count: 1)
        await #expect(throws: lacking) {
            _ = try await engine.exportRecording(of: id, to: .path(site.path("x.reel")))
        }
        #expect(lacking.kind == .missing)
        #expect(!FileManager.default.fileExists(atPath: site.path("x.reel")))
        #expect(try await engine.importRecording(FilePath(site.path("small.reel"))).isNew)
        #expect(try engine.log.absentBlobs().isEmpty)
        #expect(try await engine.replay(id, observer: SilentObserver()).isIdentical)
        _ = try await engine.exportRecording(of: id, to: .path(site.path("x.reel")))
        #expect(try site.read("x.reel") == site.read("small.reel"))
    }

    @Test("A signed checkpoint is checked against the key that was asked for")
    func signed() async throws {
        let site = try Site()
        let engine = try site.engine()
        let id = try await site.build(engine)
        let key = try NoteSigner(name: "build.example", seed: Array(1...32))
        let other = try NoteSigner(name: "build.example", seed: Array(2...33))
        for name in ["signed.reel", "again.reel"] {
            _ = try await engine.exportRecording(of: id, to: .path(site.path(name)), key: key)
        }
        #expect(try site.read("signed.reel") == site.read("again.reel"))
        let fresh = try site.engine("fresh")
        let file = FilePath(site.path("signed.reel"))
        await #expect(throws: RecordingError.unsigned(path: file.string, name: "build.example")) {
            _ = try await fresh.importRecording(file, verifier: other.verifier)
        }
        #expect(try fresh.log.count() == 0)
        let imported = try await fresh.importRecording(file, verifier: key.verifier)
        #expect(imported.signers == ["build.example"])
        _ = try await fresh.exportRecording(of: id, to: .path(site.path("passed-on.reel")))
        #expect(try site.read("passed-on.reel") == site.read("signed.reel"))
        await #expect(throws: RecordingError.foreignCheckpoint(id)) {
            _ = try await fresh.exportRecording(of: id, to: .path(site.path("x.reel")), key: key)
        }
        #expect(try site.verify("signed.reel", key: key.verifier.text).code == 0)
        #expect(try site.verify("signed.reel", key: other.verifier.text).code == 12)
    }
}
