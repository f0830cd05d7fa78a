// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventSamples
import Foundation
import Testing

@testable import BuildEvents

@Suite struct WireTests {
    @Test("Every kind has a sample, so that the tests below leave none out")
    func samplesAreComplete() {
        #expect(Set(EventSamples.everyKind.map(\.kind)) == Set(EventKind.allCases.map(\.rawValue)))
    }

    @Test("An event reads back from its body as it was", arguments: EventSamples.everyKind)
    func roundTrip(event: BuildEvent) throws {
        let wire = event.wire
        let json = try JSONValue(parsing: wire.body)
        #expect(json.canonicalBytes == wire.body)
        #expect(try BuildEvent(kind: wire.kind, version: wire.version, body: json) == event)
    }

    @Test(
        "An event that lacks a required member is refused, and the member is named",
        arguments: EventSamples.everyKind
    )
    func missingMember(event: BuildEvent) throws {
        let wire = event.wire
        let body = try WireBody(kind: wire.kind, reading: JSONValue(parsing: wire.body))
        for name in body.semantic.keys.sorted() {
            var less = body
            less.semantic[name] = nil
            do {
                let read = try BuildEvent(kind: wire.kind, version: wire.version, body: less.json)
                #expect(read != event, "\(name) is not read")
            } catch {
                #expect(error.member == name)
            }
            less.semantic[name] = .null
            #expect(throws: WireError.self) {
                try BuildEvent(kind: wire.kind, version: wire.version, body: less.json)
            }
        }
    }

    @Test("What merely happened stands apart from what the build is")
    func volatileMembers() throws {
        for event in EventSamples.everyKind {
            let body = try WireBody(kind: event.kind, reading: JSONValue(parsing: event.wire.body))
            #expect(body.semantic["happened"] == nil)
        }
        let reused = try #require(EventSamples.everyKind.first { $0.kind == "step.reused" })
        #expect(try JSONValue(parsing: reused.wire.body)["was"]?["producer"]?.integer == 17)
    }

    @Test("Bodies hold strings and integers alone")
    func scalars() {
        let happened: Happened = [
            "flag": true, "nothing": .null, "share": .number("0.5"), "list": [.null, false, .number("1e9")],
        ]
        let body = BuildEvent.buildCancelled(BuildCancelled(reason: "x", happened: happened)).wire.body
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"is":{"reason":"x"},"was":{"flag":1,"list":[0,"1e9"],"share":"0.5"}}"#
        )
    }

    @Test("A kind or version that is not known is kept with its body, byte for byte")
    func unknown() throws {
        let body = try JSONValue(parsing: #"{"later":[1,"2",{"a":0}]}"#)
        for (kind, version) in [("step.teleported", 1), ("fallback", 2), ("fallback", 0), ("build.started", 900)] {
            let event = try BuildEvent(kind: kind, version: version, body: body)
            #expect(event == .unknown(kind: kind, version: version, body: body))
            #expect(event.wire.kind == kind)
            #expect(event.wire.version == version)
            #expect(event.wire.body == body.canonicalBytes)
        }
    }

    @Sendable private static func thingToAbout(_ body: inout WireBody) {
        body.semantic["about"] = body.semantic.removeValue(forKey: "thing")
    }

    @Sendable private static func aboutToSubject(_ body: inout WireBody) {
        body.semantic["subject"] = body.semantic.removeValue(forKey: "about")
    }

    @Test("Older versions are raised step by step; stored bytes stay")
    func upcasting() throws {
        let upcasters = Upcasters(["fallback": [Self.thingToAbout, Self.aboutToSubject]])
        let expected = BuildEvent.fallback(Fallback(subject: "git", reason: "r"))
        let bodies = [
            1: #"{"is":{"reason":"r","thing":"git"}}"#, 2: #"{"is":{"about":"git","reason":"r"}}"#,
            3: #"{"is":{"reason":"r","subject":"git"}}"#,
        ]
        for (version, text) in bodies {
            let stored = StoredEvent(
                seq: 1,
                build: "",
                kind: "fallback",
                version: version,
                time: 0,
                body: Array(text.utf8)
            )
            #expect(try stored.recorded(upcasters: upcasters).event == expected)
        }
    }

    @Test("The shipped steps lead to the version that is written", arguments: EventKind.allCases)
    func shippedUpcasters(kind: EventKind) {
        #expect(Upcasters.shipped.newest(of: kind) == kind.version)
    }

    @Test("Lines of a recording are read only in their canonical form")
    func lines() throws {
        let event = StoredEvent(
            RecordedEvent(
                seq: 3,
                build: EventSamples.build(1),
                time: Timestamp(nanoseconds: 5),
                event: .secretUsed(SecretUsed(vertex: EventSamples.digest("v"), id: "t\u{1}\"\\é"))
            )
        )
        let line = event.canonicalBytes
        #expect(try StoredEvent(line: line) == event)
        #expect(MerkleTree.leafHash(line) == event.leaf)
        let text = String(decoding: line, as: UTF8.self)
        for wrong in [
            text + " ", " " + text, text.replacingOccurrences(of: #""seq":3"#, with: #""seq": 3"#),
            text.replacingOccurrences(of: #""seq":3"#, with: #""seq":3,"sequel":4"#),
            text.replacingOccurrences(of: #""seq":3"#, with: #""seq":0"#), String(text.dropLast()), "", "[]",
        ] {
            #expect(throws: WireError.self) { try StoredEvent(line: Array(wrong.utf8)) }
        }
    }

    /// `REEL_WRITE_GOLDEN=1` writes the files of the newest versions; those of older ones are never written again.
    @Test("The stored form of every version stays what it was", arguments: EventSamples.everyKind)
    func golden(event: BuildEvent) throws {
        let stored = StoredEvent(
            RecordedEvent(seq: 7, build: EventSamples.build(2), time: Timestamp(nanoseconds: 1234), event: event)
        )
        let name = "\(stored.kind).v\(stored.version).json"
        if ProcessInfo.processInfo.environment["REEL_WRITE_GOLDEN"] == "1" {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
            try Data(stored.canonicalBytes + [10]).write(to: folder.appending(path: name))
            return
        }
        let file = try #require(Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Golden"))
        #expect(try [UInt8](Data(contentsOf: file)) == stored.canonicalBytes + [10])
    }

    @Test("Every golden file reads, and to an event of a kind that is known")
    func goldenFilesRead() throws {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Golden")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
        #expect(files.count >= EventKind.allCases.count)
        for file in files {
            let stored = try StoredEvent(line: Data(contentsOf: file).dropLast())
            if case .unknown = try stored.recorded().event { Issue.record("\(file.lastPathComponent) is not known") }
        }
    }
}
