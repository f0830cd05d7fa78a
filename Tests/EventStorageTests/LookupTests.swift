// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventSamples
import EventStorage
import Testing

@Suite struct LookupTests {
    private let scratch: Scratch
    private let log: EventLog
    private let key = EventSamples.digest("k")
    private let build = EventSamples.build(1)
    private let base = EventSamples.digest("base")

    init() throws {
        scratch = try Scratch()
        log = try scratch.open()
    }

    private func finished(_ name: String, on parent: ContentDigest? = nil) -> BuildEvent {
        .stepFinished(StepFinished(vertex: key, key: key, results: [EventSamples.result(on: parent, name)]))
    }

    @Test("What this process appended is seen at once, without a flush, by its own lookups; by others once committed")
    func ownAppends() async throws {
        for number in 0..<50 {
            log.append(finished("\(number)"), build: build)
            let known = try await log.result(forKey: key)
            #expect(known?.results == [EventSamples.result(on: nil, "\(number)")])
            #expect(known?.producer == Int64(number + 1))
        }
        let other = try scratch.open()
        log.append(finished("last"), build: build)
        try await log.flush()
        #expect(try await other.result(forKey: key)?.producer == 51)
        other.append(finished("theirs"), build: build)
        try await other.flush()
        #expect(try await log.result(forKey: key)?.producer == 52)
    }

    @Test("A key that no event gave a result for has none")
    func unknown() async throws {
        #expect(try await log.result(forKey: key) == nil)
        #expect(try await log.layers(ofChain: key) == nil)
        log.append(.stepFailed(StepFailed(vertex: key, key: key, message: "no")), build: build)
        log.append(.stepKeyed(StepKeyed(vertex: key, name: "n", key: key, preimage: key)), build: build)
        #expect(try await log.result(forKey: key) == nil)
    }

    @Test("What a replay gave is no result, neither run nor taken from its record")
    func replay() async throws {
        log.append(finished("recorded"), build: build)
        let replay = EventSamples.build(2)
        let started = BuildStarted(
            frontend: "recording",
            options: [:],
            tags: [],
            engine: "1",
            semantics: 1,
            platform: "linux/amd64",
            of: build,
            relation: "replay"
        )
        log.append(.buildStarted(started), build: replay)
        log.append(finished("diverged"), build: replay)
        let other = EventSamples.digest("k2")
        let taken = [EventSamples.result(on: nil, "taken")]
        log.append(
            .stepReused(StepReused(vertex: other, key: other, producer: 0, origin: "record", results: taken)),
            build: replay
        )
        #expect(try await log.result(forKey: key)?.producer == 1)
        #expect(try await log.result(forKey: other) == nil)
        try log.rebuildIndex()
        #expect(try await log.result(forKey: key)?.producer == 1)
    }

    @Test("A result of an imported cache counts, a local reuse is no new result")
    func reuse() async throws {
        let result = EventSamples.result(on: nil, "made")
        log.append(finished("made"), build: build)
        log.append(
            .stepReused(StepReused(vertex: key, key: key, producer: 1, origin: "local", results: [result])),
            build: build
        )
        #expect(try await log.result(forKey: key)?.producer == 1)
        let other = EventSamples.digest("k2")
        log.append(
            .stepReused(StepReused(vertex: key, key: other, producer: 0, origin: "cache:1", results: [result])),
            build: build
        )
        #expect(try await log.result(forKey: other) == KnownResult(producer: 3, results: [result]))
    }

    @Test("Chains are known from sources, contexts, images and steps, whole and in part")
    func chains() async throws {
        let layers = ["a", "b", "c"].map(EventSamples.digest)
        let two = ContentDigest(of: "\(layers[0]) \(layers[1])")
        let three = ContentDigest(of: "\(two) \(layers[2])")
        log.append(
            .sourceResolved(SourceResolved(identifier: "i", type: "image", pin: "p", how: "store", layers: layers)),
            build: build
        )
        #expect(try await log.layers(ofChain: three) == layers)
        #expect(try await log.layers(ofChain: two) == Array(layers[..<2]))
        #expect(try await log.layers(ofChain: layers[0]) == [layers[0]])
        log.append(finished("made", on: three), build: build)
        let made = EventSamples.result(on: three, "made")
        let chainID = try #require(made.chainID)
        let diffID = try #require(made.diffID)
        #expect(try await log.layers(ofChain: chainID) == layers + [diffID])
    }

    private enum Loss: CaseIterable {
        case pruned, missing, corrupt, prunedBelow
    }

    @Test("A result whose blob, or a blob below it, is gone is no result, until an event brings it back")
    func absence() async throws {
        for loss in Loss.allCases {
            log.append(
                .sourceResolved(SourceResolved(identifier: "i", type: "image", pin: "p", how: "store", layers: [base])),
                build: build
            )
            log.append(finished("made", on: base), build: build)
            #expect(try await log.result(forKey: key) != nil)
            let layer = try #require(EventSamples.result(on: base, "made").diffID)
            switch loss {
            case .pruned: log.append(.blobsPruned(BlobsPruned(digests: [layer], bytes: 1, reason: "r")), build: nil)
            case .missing: log.append(.blobMissing(BlobFault(digest: layer, context: "c")), build: build)
            case .corrupt: log.append(.blobCorrupt(BlobFault(digest: layer, context: "c")), build: build)
            case .prunedBelow: log.append(.blobsPruned(BlobsPruned(digests: [base], bytes: 1, reason: "r")), build: nil)
            }
            #expect(try await log.result(forKey: key) == nil, "\(loss)")
            #expect(try log.absentBlobs().count == 1)
            let reachable = try log.reachableBlobs()
            #expect((reachable[layer] == nil) == (loss == .pruned))
            #expect((reachable[base] == nil) == (loss == .prunedBelow))
        }
        log.append(
            .sourceResolved(SourceResolved(identifier: "i", type: "image", pin: "p", how: "store", layers: [base])),
            build: build
        )
        #expect(try await log.result(forKey: key) != nil)
    }

    @Test("Names of images move, go, and may have a platform each")
    func images() async throws {
        func image(_ names: [String], _ manifest: String, _ platform: String = "linux/amd64") -> ImageStored {
            ImageStored(
                names: names,
                manifest: EventSamples.digest(manifest),
                size: 3,
                config: EventSamples.digest("c" + manifest),
                platform: platform,
                layers: [base],
                origin: "build"
            )
        }
        log.append(.imageStored(image(["a", "b"], "1")), build: build)
        log.append(.imageStored(image(["a"], "2", "linux/arm64")), build: build)
        log.append(.imageStored(image([], "3")), build: build)
        try await log.flush()
        #expect(try log.images().map(\.name) == ["a", "a", "b"])
        #expect(try log.image(named: "a")?.image == image(["a"], "2", "linux/arm64"))
        #expect(try log.image(named: "a", platform: "linux/amd64")?.image == image(["a", "b"], "1"))
        #expect(try log.image(named: "c") == nil)
        #expect(try log.images(matching: String(EventSamples.digest("1").hex.prefix(10))).map(\.name) == ["a", "b"])
        log.append(.imageStored(image(["a"], "4")), build: EventSamples.build(2))
        log.append(.imageUntagged(ImageUntagged(name: "b")), build: nil)
        try await log.flush()
        #expect(try log.images().map(\.image.manifest) == [EventSamples.digest("4")])
        #expect(try log.images().first?.build == EventSamples.build(2))
    }

    @Test("The last pin of a source is the newest that was resolved and not taken from a record")
    func pins() async throws {
        func resolve(_ pin: String, _ how: String) {
            log.append(
                .sourceResolved(SourceResolved(identifier: "git://x", type: "git", pin: pin, how: how)),
                build: build
            )
        }
        #expect(try log.lastPin(of: "git://x") == nil)
        resolve("A", "remote")
        resolve("B", "remote")
        resolve("A", "record")
        try await log.flush()
        let pin = try log.lastPin(of: "git://x")
        #expect(pin?.pin == "B")
        #expect(pin?.seq == 2)
        #expect(pin?.build == build)
    }

    @Test("Every blob that an event names is found from the event's build, and the event from the blob")
    func references() async throws {
        for event in EventSamples.everyKind { log.append(event, build: build) }
        try await log.flush()
        let references = try log.references(from: build)
        #expect(Set(references.map(\.role)) == Set(BlobReference.Role.allCases))
        for reference in references { #expect(try log.references(to: reference.digest).contains(reference)) }
        #expect(try log.references(from: EventSamples.build(2)) == [])
        #expect(try log.recordedBuilds().map(\.id) == [EventSamples.build(1)])
        #expect(try log.recordedBuilds(matching: "zz") == [])
    }
}
