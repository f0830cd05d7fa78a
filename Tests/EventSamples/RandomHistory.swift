// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// Random but lawful histories: builds that overlap, sources that move, steps that run, fail and are reused.
public struct RandomHistory {
    private var random: SeededGenerator
    private var made = 0
    private var open: [BuildID] = []
    private var keys: [(key: ContentDigest, result: StepResult)] = []
    private var layers: [ContentDigest] = []
    private var waiting: [(BuildID?, BuildEvent)] = []

    /// Starts a history.
    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// The next `count` events.
    public mutating func events(_ count: Int) -> [(build: BuildID?, event: BuildEvent)] {
        (0..<count).map { _ in next() }
    }

    /// The next event and its build.
    public mutating func next() -> (build: BuildID?, event: BuildEvent) {
        if !waiting.isEmpty { return waiting.removeFirst() }
        if open.isEmpty || (open.count < 4 && chance(10)) { return start() }
        let build = open[Int.random(in: 0..<open.count, using: &random)]
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<10: return (build, source())
        case 10..<15: return (build, context())
        case 15..<75: return step(of: build)
        case 75..<80: return (build, image())
        case 80..<84: return (nil, absence())
        case 84..<87: return (build, .fallback(Fallback(subject: "x", reason: "y \(number(9))")))
        case 87..<89: return (nil, .imageUntagged(ImageUntagged(name: "app:\(number(5))")))
        case 89: return (build, EventSamples.everyKind[number(EventSamples.everyKind.count)].endless)
        default: return end(build)
        }
    }

    private mutating func number(_ below: Int) -> Int { Int.random(in: 0..<below, using: &random) }
    private mutating func chance(_ percent: Int) -> Bool { number(100) < percent }
    private mutating func digest(_ name: String, _ below: Int) -> ContentDigest {
        EventSamples.digest("\(name) \(number(below))")
    }

    private mutating func start() -> (BuildID?, BuildEvent) {
        made += 1
        let id = EventSamples.build(made)
        open.append(id)
        let original = made > 1 && chance(20) ? EventSamples.build(made - 1) : nil
        let started = BuildStarted(
            frontend: chance(80) ? "dockerfile" : "llb",
            options: chance(50) ? ["target": "t\(number(4))"] : [:],
            tags: (0..<number(3)).map { "app:\($0)" },
            engine: "1",
            semantics: 1,
            platform: "linux/amd64",
            of: original,
            relation: original.map { _ in chance(50) ? "replay" : "rerun" },
            happened: ["pid": .integer(Int64(number(30_000)))]
        )
        return (id, .buildStarted(started))
    }

    private mutating func source() -> BuildEvent {
        let layers = (0...number(4)).map { _ in digest("base", 50) }
        self.layers += layers
        return .sourceResolved(
            SourceResolved(
                identifier: "docker-image://i\(number(6))",
                type: "image",
                pin: "p\(number(4))",
                how: chance(20) ? "record" : "store",
                layers: layers,
                blobs: [digest("manifest", 40)]
            )
        )
    }

    private mutating func context() -> BuildEvent {
        let layer: ContentDigest? = chance(70) ? digest("tar", 30) : nil
        if let layer { layers.append(layer) }
        return .contextDigested(
            ContextDigested(
                name: "c\(number(3))",
                digest: digest("context", 30),
                manifest: digest("files", 30),
                layer: layer,
                files: number(1000),
                bytes: Int64(number(100_000))
            )
        )
    }

    private mutating func step(of build: BuildID) -> (BuildID?, BuildEvent) {
        let (vertex, key) = (digest("vertex", 200), digest("key", 100))
        let parent = keys.isEmpty || chance(30) ? nil : keys[number(keys.count)].result.chainID
        let result = EventSamples.result(on: parent, "\(number(300))")
        if chance(40), let known = keys.last {
            let reused = StepReused(
                vertex: vertex,
                key: known.key,
                producer: chance(30) ? 0 : 3,
                origin: "local",
                results: [known.result]
            )
            waiting.append((build, .stepReused(reused)))
        } else if chance(90) {
            waiting.append((build, .stepStarted(StepStarted(vertex: vertex, key: key, operation: "exec"))))
            waiting.append((build, .stepOutput(StepOutput(vertex: vertex, blob: digest("output", 99), bytes: 5))))
            waiting.append((build, .stepFinished(StepFinished(vertex: vertex, key: key, results: [result]))))
            keys.append((key, result))
            if let layer = result.diffID { layers.append(layer) }
        } else {
            waiting.append(
                (build, .stepFailed(StepFailed(vertex: vertex, key: key, message: "exit code 1", exitCode: 1)))
            )
        }
        return (build, .stepKeyed(StepKeyed(vertex: vertex, name: "RUN x", key: key, preimage: key)))
    }

    private mutating func image() -> BuildEvent {
        .imageStored(
            ImageStored(
                names: ["app:\(number(5))"],
                manifest: digest("m", 40),
                size: 9,
                config: digest("c", 40),
                platform: chance(70) ? "linux/amd64" : "linux/arm64",
                layers: [digest("base", 50)],
                origin: "build"
            )
        )
    }

    private mutating func absence() -> BuildEvent {
        let layer = layers.isEmpty ? digest("base", 50) : layers[number(layers.count)]
        return switch number(3) {
        case 0: .blobMissing(BlobFault(digest: layer, context: "gone"))
        case 1: .blobCorrupt(BlobFault(digest: layer, context: "torn"))
        default: .blobsPruned(BlobsPruned(digests: [layer], bytes: 1, reason: "old"))
        }
    }

    private mutating func end(_ build: BuildID) -> (BuildID?, BuildEvent) {
        open.removeAll { $0 == build }
        waiting.removeAll { $0.0 == build }
        let event: BuildEvent =
            switch number(3) {
            case 0: .buildFailed(BuildFailed(fault: .failed, message: "a step failed"))
            case 1: .buildCancelled(BuildCancelled(reason: "interrupt"))
            default:
                .buildFinished(BuildFinished(results: ["linux/amd64": digest("root", 99)], image: digest("m", 40)))
            }
        return (build, event)
    }
}

extension BuildEvent {
    /// The event itself, or something harmless for one that begins or ends a build or speaks of the log itself.
    fileprivate var endless: BuildEvent {
        switch self {
        case .buildStarted, .buildFinished, .buildFailed, .buildCancelled, .logCheckpointed, .logRecovered:
            .imageUntagged(ImageUntagged(name: "none"))
        default: self
        }
    }
}
