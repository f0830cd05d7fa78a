// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// Events to test with.
public enum EventSamples {
    /// A digest of a name.
    public static func digest(_ name: String) -> ContentDigest { ContentDigest(of: name) }

    /// A build's id by number; higher numbers are later.
    public static func build(_ number: Int) -> BuildID {
        BuildID(time: Timestamp(seconds: 1_700_000_000 + Int64(number)), random: (UInt64(number), 7))
    }

    /// A layer on a parent.
    public static func result(on parent: ContentDigest?, _ name: String) -> StepResult {
        let layer = digest("layer \(name)")
        let chain = parent.map { ContentDigest(of: "\($0) \(layer)") } ?? layer
        return StepResult(parent: parent, diffID: layer, chainID: chain, size: Int64(name.utf8.count) * 512)
    }

    /// One event of every kind, with every member that can be there.
    public static let everyKind: [BuildEvent] = builds + sources + steps + results + store

    private static let builds: [BuildEvent] = [
        .buildStarted(
            BuildStarted(
                frontend: "dockerfile",
                options: ["target": "app", "build-arg:X": "ü\n\"quoted\""],
                tags: ["app:1"],
                engine: "1.0",
                semantics: 3,
                platform: "linux/amd64",
                of: build(1),
                relation: "replay",
                happened: ["pid": 42, "command": ["reel", "build", "."], "host": "here"]
            )
        ),
        .definitionLoaded(
            DefinitionLoaded(
                definition: digest("definition"),
                config: digest("config"),
                platform: "linux/amd64",
                dockerfile: digest("dockerfile"),
                vertices: 12
            )
        ),
        .buildFinished(
            BuildFinished(results: ["linux/amd64": digest("root")], image: digest("image"), happened: ["ns": 5])
        ),
        .buildFailed(BuildFailed(fault: .failed, message: "no", vertex: digest("v"), happened: ["ns": 6])),
        .buildCancelled(BuildCancelled(reason: "interrupt", happened: ["ns": 7])),
    ]

    private static let sources: [BuildEvent] = [
        .sourceResolving(
            SourceResolving(vertex: digest("v"), identifier: "docker-image://docker.io/library/debian:12")
        ),
        .sourceResolved(
            SourceResolved(
                identifier: "docker-image://docker.io/library/debian:12",
                type: "image",
                pin: "sha256:1",
                how: "registry",
                movedFrom: "sha256:0",
                layers: [digest("base")],
                blobs: [digest("manifest")],
                details: ["ref": "12"],
                happened: ["bytes": 9]
            )
        ),
        .contextDigested(
            ContextDigested(
                name: "context",
                digest: digest("context"),
                manifest: digest("files"),
                layer: digest("tar"),
                files: 3,
                bytes: 4096,
                ignoreRules: digest("ignore"),
                happened: ["read": 1]
            )
        ),
        .contextSkipped(ContextSkipped(name: "context", path: "run/socket", reason: "socket")),
        .layerFetched(
            LayerFetched(
                layer: digest("base"),
                blob: digest("gzip"),
                source: "docker-image://docker.io/library/debian:12",
                happened: ["bytes": 9]
            )
        ),
    ]

    private static let steps: [BuildEvent] = [
        .stepKeyed(StepKeyed(vertex: digest("v"), name: "RUN make", key: digest("k"), preimage: digest("k"))),
        .stepReused(
            StepReused(
                vertex: digest("v"),
                key: digest("k"),
                producer: 17,
                origin: "local",
                results: [result(on: digest("base"), "made")]
            )
        ),
        .stepStarted(
            StepStarted(
                vertex: digest("v"),
                key: digest("k"),
                operation: "exec",
                argv: ["/bin/sh", "-c", "make"],
                mounts: ["tmpfs /tmp"],
                network: "none",
                capabilities: ["CAP_CHOWN"],
                seccomp: digest("profile"),
                happened: ["runtime": "crun 1.8"]
            )
        ),
        .stepOutput(StepOutput(vertex: digest("v"), blob: digest("output"), bytes: 100)),
        .stepFinished(
            StepFinished(
                vertex: digest("v"),
                key: digest("k"),
                results: [
                    result(on: digest("base"), "made"), StepResult(parent: nil, diffID: nil, chainID: nil, size: 0),
                ],
                happened: ["ns": 1_000_000]
            )
        ),
        .stepFailed(
            StepFailed(
                vertex: digest("v"),
                key: digest("k"),
                message: "exit code 2",
                exitCode: 2,
                signal: 9,
                outOfMemory: true,
                happened: ["ns": 1]
            )
        ),
        .stepSkipped(StepSkipped(name: "stage 'test'", vertex: digest("w"), reason: "nothing needs it")),
        .secretUsed(SecretUsed(vertex: digest("v"), id: "token")),
    ]

    private static let results: [BuildEvent] = [
        .exportStarted(ExportStarted(exporter: "oci", options: ["compression": "gzip"], happened: ["dest": "x.tar"])),
        .exportFinished(
            ExportFinished(exporter: "oci", digests: ["manifest": digest("m")], names: ["app:1"], happened: ["ns": 1])
        ),
        .replayCompared(
            ReplayCompared(
                original: build(1),
                vertex: digest("v"),
                subject: "diffID",
                expected: "sha256:1",
                actual: "sha256:2",
                identical: false
            )
        ),
        .cacheImported(CacheTransfer(type: "registry", name: "cache:1", digest: digest("cache"), keys: 4)),
        .cacheExported(CacheTransfer(type: "local", name: "/cache", digest: digest("cache"), keys: 5)),
        .imageStored(
            ImageStored(
                names: ["docker.io/library/app:1"],
                manifest: digest("m"),
                size: 500,
                config: digest("c"),
                platform: "linux/amd64",
                layers: [digest("base"), digest("layer made")],
                origin: "build"
            )
        ),
        .imageUntagged(ImageUntagged(name: "docker.io/library/app:1")),
    ]

    private static let store: [BuildEvent] = [
        .blobMissing(BlobFault(digest: digest("b"), context: "a layer of step 'RUN make' is not there")),
        .blobCorrupt(BlobFault(digest: digest("b"), context: "a layer of step 'RUN make' has other bytes")),
        .blobsPruned(BlobsPruned(digests: [digest("b")], bytes: 12, reason: "unused for 7 days")),
        .recordingImported(
            RecordingImported(
                recording: digest("r"),
                events: digest("e"),
                builds: [build(1)],
                layers: [digest("l")],
                blobs: [digest("b"), digest("c")]
            )
        ),
        .logCheckpointed(LogCheckpointed(size: 8, root: digest("root"), note: digest("note"))),
        .logRecovered(LogRecovered(kept: 90, lost: ["4-6", "9"], happened: ["damaged": "damaged/log"])),
        .fallback(Fallback(subject: "layers", reason: "this kernel mounts no EROFS files")),
    ]
}
