// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage

/// Builds as a log could have them.
struct Story {
    static func digest(_ name: String) -> ContentDigest { ContentDigest(of: Array(name.utf8)) }

    static func id(_ number: Int) -> BuildID {
        BuildID(time: Timestamp(seconds: 1_785_000_000 + Int64(number) * 60), random: (0, UInt64(number)))
    }

    /// The events of a build: a context, one step that ran, one that was cached, and an end.
    static func events(tag: String, failing: Bool = false) -> [BuildEvent] {
        var events: [BuildEvent] = [
            .buildStarted(
                BuildStarted(
                    frontend: "dockerfile",
                    options: ["target": "app"],
                    tags: [tag],
                    engine: "0",
                    semantics: 1,
                    platform: "linux/amd64",
                    happened: ["command": ["reel", "build", "a b"]]
                )
            ),
            .sourceResolved(
                SourceResolved(
                    identifier: "docker-image://docker.io/library/debian:12",
                    type: "image",
                    pin: digest("new").description,
                    how: "store",
                    movedFrom: digest("old").description
                )
            ),
            .stepKeyed(
                StepKeyed(vertex: digest("v1"), name: "[app 1/2] RUN make", key: digest("k1"), preimage: digest("k1"))
            ),
            .stepStarted(StepStarted(vertex: digest("v1"), key: digest("k1"), operation: "exec", argv: ["make"])),
        ]
        if failing {
            let failure = StepFailed(vertex: digest("v1"), key: digest("k1"), message: "exit code 2", exitCode: 2)
            events.append(.stepFailed(failure))
            events.append(
                .buildFailed(BuildFailed(fault: .failed, message: "RUN make: exit code 2", vertex: digest("v1")))
            )
            return events
        }
        let result = StepResult(parent: nil, diffID: digest("d1"), chainID: digest("c1"), size: 12_345)
        events += [
            .stepFinished(
                StepFinished(
                    vertex: digest("v1"),
                    key: digest("k1"),
                    results: [result],
                    happened: ["duration": 4_200_000_000]
                )
            ),
            .stepKeyed(
                StepKeyed(vertex: digest("v2"), name: "[app 2/2] COPY . /", key: digest("k2"), preimage: digest("k2"))
            ),
            .stepReused(
                StepReused(vertex: digest("v2"), key: digest("k2"), producer: 6, origin: "local", results: [result])
            ),
            .fallback(Fallback(subject: "lint", reason: "casing")),
            .exportStarted(ExportStarted(exporter: "oci", options: [:], happened: ["destination": "/x.tar"])),
            .exportFinished(ExportFinished(exporter: "oci", digests: ["manifest": digest("m")], names: [tag])),
            .buildFinished(BuildFinished(results: ["linux/amd64": digest("c1")], image: digest("m"))),
        ]
        return events
    }

    /// Three builds: two that ended well, one that failed between them.
    static func write(to log: EventLog) async throws {
        for (number, tag) in ["one:1", "two:1", "three:1"].enumerated() {
            for event in events(tag: tag, failing: number == 1) { log.append(event, build: id(number)) }
        }
        try await log.flush()
    }
}
