// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel

/// Events of builds that never were, equal for equal numbers, to measure a log with.
///
/// Each build is one of a Dockerfile: half of its steps are reused, one build in ten fails.
struct MadeUpHistory {
    /// How many events a build has.
    let eventsPerBuild: Int
    /// When the first build began; each later one begins a second after the one before.
    let start: Timestamp

    /// The id of the build with this number.
    func id(_ number: Int) -> BuildID {
        let moment = Timestamp(nanoseconds: start.nanoseconds + Int64(number) * 1_000_000_000)
        return BuildID(time: moment, random: (UInt64(number), UInt64(number) &* 0x9E37_79B9_7F4A_7C15))
    }

    /// The events of one build, from its first to its last.
    func events(of number: Int) -> [BuildEvent] {
        var events = [started(number), loaded(number)]
        var parent: ContentDigest?
        var step = 0
        while events.count + 1 < eventsPerBuild {
            let isNew = (number + step) % 2 == 0
            let result = result(of: isNew ? "\(number) \(step)" : "\(step)", on: &parent)
            events += isNew ? run(number, step, result) : reused(number, step, result)
            step += 1
        }
        events = Array(events.prefix(eventsPerBuild - 1))
        events.append(end(number, parent))
        return events
    }

    private func digest(_ name: String) -> ContentDigest { ContentDigest(of: "made up " + name) }

    private func started(_ number: Int) -> BuildEvent {
        .buildStarted(
            BuildStarted(
                frontend: "dockerfile",
                options: number % 100 == 0 ? ["target": "release"] : [:],
                tags: ["app:\(number % 1000)"],
                engine: Engine.version,
                semantics: Engine.semantics,
                platform: "linux/amd64",
                happened: ["host": "nowhere", "pid": .integer(Int64(number % 32_768))]
            )
        )
    }

    private func loaded(_ number: Int) -> BuildEvent {
        .definitionLoaded(
            DefinitionLoaded(
                definition: digest("definition \(number)"),
                config: digest("config \(number)"),
                platform: "linux/amd64",
                dockerfile: digest("Dockerfile"),
                vertices: eventsPerBuild / 3
            )
        )
    }

    private func result(of name: String, on parent: inout ContentDigest?) -> StepResult {
        let layer = digest("layer \(name)")
        let chain = parent.map { ContentDigest(of: "\($0) \(layer)") } ?? layer
        defer { parent = chain }
        return StepResult(parent: parent, diffID: layer, chainID: chain, size: 10_240)
    }

    private func keyed(_ vertex: ContentDigest, _ key: ContentDigest, _ step: Int) -> BuildEvent {
        .stepKeyed(StepKeyed(vertex: vertex, name: "[stage-0 \(step)/9] RUN make \(step)", key: key, preimage: key))
    }

    private func reused(_ number: Int, _ step: Int, _ result: StepResult) -> [BuildEvent] {
        let (vertex, key) = (digest("vertex \(step)"), digest("key \(step)"))
        let event = StepReused(vertex: vertex, key: key, producer: 5, origin: "local", results: [result])
        return [keyed(vertex, key, step), .stepReused(event)]
    }

    private func run(_ number: Int, _ step: Int, _ result: StepResult) -> [BuildEvent] {
        let (vertex, key) = (digest("vertex \(number) \(step)"), digest("key \(number) \(step)"))
        let begun = StepStarted(
            vertex: vertex,
            key: key,
            operation: "exec",
            argv: ["/bin/sh", "-c", "make \(step)"],
            network: "host"
        )
        let output = StepOutput(vertex: vertex, blob: digest("output \(number) \(step)"), bytes: 512)
        let finished = StepFinished(
            vertex: vertex,
            key: key,
            results: [result],
            happened: ["duration": 1_000_000, "memory": 2_000_000]
        )
        return [keyed(vertex, key, step), .stepStarted(begun), .stepOutput(output), .stepFinished(finished)]
    }

    private func end(_ number: Int, _ root: ContentDigest?) -> BuildEvent {
        if number % 10 == 9 { return .buildFailed(BuildFailed(fault: .failed, message: "RUN make: exit code 2")) }
        let results = root.map { ["linux/amd64": $0] } ?? [:]
        return .buildFinished(
            BuildFinished(results: results, image: digest("image \(number)"), happened: ["duration": 1_000_000_000])
        )
    }
}
