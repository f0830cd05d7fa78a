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

@Suite("What is no recording")
struct BadRecordingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// Makes `bad.reel` from `small.reel`.
        var script: String
        var kind: FaultKind
        var says: String
    }

    static let cases = [
        Case(testDescription: "an empty file", script: ": >bad.reel", kind: .corrupt, says: "cut off"),
        Case(testDescription: "a text", script: "yes no | head -c 9999 >bad.reel", kind: .usage, says: "no tar"),
        Case(testDescription: "compressed", script: "gzip -c small.reel >bad.reel", kind: .usage, says: "gunzip"),
        Case(
            testDescription: "compressed twice",
            script: "gzip -c small.reel | gzip -c >bad.reel",
            kind: .usage,
            says: "gunzip"
        ),
        Case(testDescription: "another tar", script: "tar cf bad.reel context", kind: .usage, says: "no recording"),
        Case(testDescription: "a folder", script: "mkdir bad.reel", kind: .usage, says: "regular file"),
        Case(testDescription: "a pipe", script: "mkfifo bad.reel", kind: .usage, says: "regular file"),
        Case(testDescription: "nothing", script: ":", kind: .usage, says: "no such file"),
        Case(testDescription: "half", script: "head -c 9000 small.reel >bad.reel", kind: .corrupt, says: "cut off"),
        Case(
            testDescription: "an image",
            script: """
                mkdir -p i/blobs/sha256; printf '{}' >i/c; c=$(sha256sum i/c | cut -c1-64); mv i/c i/blobs/sha256/$c
                m='{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":\
                "application/vnd.oci.image.config.v1+json","digest":"sha256:'$c'","size":2},"layers":[]}'
                printf '%s' "$m" >i/m; d=$(sha256sum i/m | cut -c1-64); s=$(stat -c %s i/m); mv i/m i/blobs/sha256/$d
                printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",\
                "digest":"sha256:%s","size":%s}]}' $d $s >i/index.json
                printf '{"imageLayoutVersion":"1.0.0"}' >i/oci-layout; tar cf bad.reel -C i .
                """,
            kind: .usage,
            says: "no recording of a build"
        ),
    ]

    @Test("It is refused with one sentence and nothing kept", arguments: cases)
    func refused(_ bad: Case) async throws {
        let site = try Site()
        try await site.record()
        let made = try site.run("/bin/sh", "-euc", bad.script)
        #expect(made.code == 0, "\(made.output)")
        try await refuses(site, kind: bad.kind, says: bad.says)
    }

    private func refuses(_ site: Site, kind: FaultKind, says: String) async throws {
        let engine = try site.engine("other")
        do {
            _ = try await engine.importRecording(FilePath(site.path("bad.reel")))
            Issue.record("it was taken in")
        } catch let error as RecordingError {
            #expect(error.kind == kind, "\(error)")
            #expect(error.description.contains(says), "\(error)")
            #expect(error.description.hasPrefix(site.path("bad.reel")))
        }
        #expect(try engine.log.count() == 0)
        #expect(try engine.layers.blobs.all().isEmpty)
    }

    @Test("A later version of recordings, and of events in one, is told from damage")
    func newer() async throws {
        let site = try Site()
        try await site.record()
        var recording = try Repacked(site.path("small.reel"))
        recording.manifest.artifactType = "application/vnd.reel.recording.v2"
        try site.write(recording.bytes, to: "bad.reel")
        try await refuses(site, kind: .failed, says: "newer reel")
        recording = try Repacked(site.path("small.reel"))
        try recording.forge { $0[1].version = 99 }
        try site.write(recording.bytes, to: "bad.reel")
        try await refuses(site, kind: .failed, says: "of version 99")
    }

    @Test("A tar of a million files is refused before it is read to its end", .timeLimit(.minutes(2)))
    func wide() async throws {
        let site = try Site()
        try site.write(
            LayoutArchive.header(ofFile: "blobs/sha256/" + String(repeating: "0", count: 64), size: 0),
            to: "h"
        )
        // Each header differs from the first in its name and its checksum alone.
        let script = """
            template = open("h", "rb").read()
            blank = sum(template) - sum(template[148:156]) + 8 * 32 - sum(template[13:77])
            with open("bad.reel", "wb") as out:
                for number in range(10**6):
                    name = b"%064x" % number
                    out.write(template[:13] + name + template[77:148] + b"%06o\\0 " % (blank + sum(name)) + template[156:])
                out.write(bytes(1024))
            """
        let made = try site.run("/usr/bin/python3", "-c", script)
        #expect(made.code == 0, "\(made.output)")
        try await refuses(site, kind: .usage, says: "more than 32768 members")
    }
}
