// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// Events of a made-up build, at times in milliseconds since its start.
struct Script {
    static func vertex(_ number: Int) -> ContentDigest { ContentDigest(of: Array("vertex \(number)".utf8)) }

    static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }

    static let started = BuildEvent.buildStarted(
        BuildStarted(
            frontend: "dockerfile",
            options: [:],
            tags: ["hello:1"],
            engine: "0",
            semantics: 1,
            platform: "linux/amd64"
        )
    )

    static func loaded(_ vertices: Int) -> BuildEvent {
        .definitionLoaded(
            DefinitionLoaded(
                definition: vertex(0),
                config: nil,
                platform: "linux/amd64",
                dockerfile: nil,
                vertices: vertices
            )
        )
    }

    static func keyed(_ number: Int, _ name: String) -> BuildEvent {
        .stepKeyed(StepKeyed(vertex: vertex(number), name: name, key: vertex(number), preimage: vertex(number)))
    }

    static func reused(_ number: Int, producer: Int64 = 1) -> BuildEvent {
        .stepReused(
            StepReused(vertex: vertex(number), key: vertex(number), producer: producer, origin: "local", results: [])
        )
    }

    static func running(_ number: Int) -> BuildEvent {
        .stepStarted(StepStarted(vertex: vertex(number), key: vertex(number), operation: "exec"))
    }

    static func finished(_ number: Int, size: Int64 = 0) -> BuildEvent {
        let result = StepResult(parent: nil, diffID: nil, chainID: nil, size: size)
        return .stepFinished(StepFinished(vertex: vertex(number), key: vertex(number), results: [result]))
    }

    static func failed(_ number: Int, _ message: String) -> BuildEvent {
        .stepFailed(StepFailed(vertex: vertex(number), key: nil, message: message, exitCode: 1))
    }

    static func context(files: Int, bytes: Int64) -> [BuildEvent] {
        [
            .sourceResolving(SourceResolving(vertex: nil, identifier: "local://context")),
            .contextDigested(
                ContextDigested(
                    name: "context",
                    digest: vertex(90),
                    manifest: vertex(90),
                    layer: nil,
                    files: files,
                    bytes: bytes
                )
            ),
            .sourceResolved(
                SourceResolved(identifier: "local://context", type: "local", pin: vertex(90).description, how: "walk")
            ),
        ]
    }
}
