// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage

/// Puts an image into containerd, from where `ctr` runs and pushes it.
struct ContainerdExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        let options = request.options
        let archive = environment.temporaryDirectory.appending("containerd-\(getpid()).tar")
        defer { Files.remove(archive) }
        var staged = request
        staged.options.destination = .path(archive.string)
        staged.options.tar = true
        var result = try await LayoutExporter(environment: environment).export(staged)
        let target = ContainerdTarget(address: options.address, namespace: options.namespace ?? "buildkit")
        try await environment.containerd.importImage(archive: archive, into: target, unpack: options.unpack)
        (result.exporter, result.destination) = (.containerd, nil)
        return result
    }
}
