// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
import Synchronization

@testable import DockerfileFrontend

/// Images that exist as configurations alone; what was asked for is kept.
final class FakeImages: ImageResolving {
    struct Missing: Fault {
        let name: String
        var kind: FaultKind { .missing }
        var description: String { "the image \(name) is not here" }
    }

    private let asked = Mutex<[String]>([])

    /// Names and platforms that were asked for, sorted.
    var questions: [String] { asked.withLock { $0.sorted() } }

    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
        asked.withLock { $0.append("\(reference.familiar) \(platform)") }
        return try image(reference, platform)
    }

    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage {
        asked.withLock { $0.append("layout \(layout) \(reference) \(platform)") }
        return try image(ImageReference(parsing: "alpine"), platform)
    }

    private func image(_ reference: ImageReference, _ platform: Platform) throws -> ResolvedImage {
        var config = ImageConfig(platform: platform)
        let layer = ContentDigest(of: Array("layer of \(reference)".utf8))
        config.container.env = ["PATH=/usr/local/bin:/usr/bin:/bin"]
        config.container.cmd = ["/bin/sh"]
        config.diffIDs = [layer]
        config.history = [
            ImageConfig.HistoryEntry(createdBy: "ADD rootfs.tar / # buildkit", comment: "buildkit.dockerfile.v0"),
            ImageConfig.HistoryEntry(
                createdBy: "CMD [\"/bin/sh\"]",
                comment: "buildkit.dockerfile.v0",
                emptyLayer: true
            ),
        ]
        switch reference.familiar {
        case "alpine:latest", "debian:12", "busybox:latest": break
        case "nopath:latest": config.container.env = ["LANG=C"]
        case "app:1":
            config.container.env.append("HOME=/home/app")
            config.container.workingDir = "/srv"
            config.container.user = "app"
            config.container.entrypoint = ["/app"]
            config.container.labels = ["a": "base", "b": "base"]
            config.container.exposedPorts = ["80/tcp"]
        case "triggers:latest":
            config.container.onBuild = ["COPY . /src", "RUN make -C /src", "COPY --from=alpine /etc/issue /issue"]
        case "badtrigger:latest": config.container.onBuild = ["FROM x"]
        case "sparse:latest":
            config.diffIDs = [layer, layer, layer]
        case "excess:latest":
            config.diffIDs = [layer]; config.history.append(ImageConfig.HistoryEntry(createdBy: "RUN x"))
        case "empty:latest": config.diffIDs = []; config.history = []
        case "exports:latest":
            config.container.labels[ExportLabel.name] =
                #"[{"kind":"copy","sources":["/opt"],"destination":"/opt"},{"kind":"env","name":"A","value":"1"},{"kind":"diff","layers":1}]"#
        case "arm:latest": config.platform = Platform(os: "linux", architecture: "arm64")
        default: throw Missing(name: reference.familiar)
        }
        return ResolvedImage(
            reference: reference,
            digest: ContentDigest(of: Array("manifest of \(reference) \(platform)".utf8)),
            config: config
        )
    }
}

/// The platform that tests build on.
let amd64 = Platform(os: "linux", architecture: "amd64")
let arm64 = Platform(os: "linux", architecture: "arm64")

/// Lowers a text with the default request, changed by `change`.
func lower(_ text: String, _ change: (inout DockerfileRequest) -> Void = { _ in }) async throws -> FrontendResult {
    var request = DockerfileRequest(source: Array(text.utf8), buildPlatforms: [amd64])
    change(&request)
    return try await DockerfileFrontend.lower(request, images: FakeImages())
}

/// The text of the error that lowering gives; `nil` where it gives none.
func failure(_ text: String, _ change: (inout DockerfileRequest) -> Void = { _ in }) async -> String? {
    do {
        _ = try await lower(text, change)
        return nil
    } catch {
        return "\(error)"
    }
}
