// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage

/// Writes an OCI image layout, as a tar or a directory; the `docker` exporter's has `manifest.json` beside.
struct LayoutExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        let options = request.options
        if options.type == .docker, request.images.count > 1 || request.forceIndex {
            throw ExportError.unsupported(
                exporter: "docker",
                reason: "docker load takes one platform; export several with type=oci"
            )
        }
        guard let destination = options.destination else { throw ExportError.usage("dest=… is missing") }
        return try await Interruptible.run { [environment] in
            let assembled = try ImageAssembler(store: environment.layers, request: request).assemble(request)
            try environment.layers.blobs.flush()
            let contents = LayoutContents(assembled, request: request)
            var result = ExportResult(
                exporter: options.type,
                descriptor: assembled.root,
                images: assembled.images.map(\.result),
                names: options.names.map(\.description)
            )
            result.notes = assembled.notes(for: options)
            if options.tar {
                let file = try OutputFile(destination, in: environment)
                try contents.write(to: file, blobs: environment.layers.blobs)
                try file.commit()
                (result.destination, result.bytes) = (file.destination?.string, file.count)
            } else {
                let folder = LayoutFolder(destination, in: environment)
                try folder.add(contents, blobs: environment.layers.blobs)
                result.destination = folder.path.string
                result.bytes = contents.blobs.reduce(0) { $0 + $1.descriptor.size }
            }
            return result
        }
    }
}
