// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// Puts manifest and configuration into reel's own store, where the layers are already.
///
/// Naming the image is not its business: the list of images is a projection of the log, from which
/// `LayoutIndex.write` makes `index.json`.
struct StoreExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        try await Interruptible.run { [environment] in
            let assembled = try ImageAssembler(store: environment.layers, request: request).assemble(request)
            let blobs = environment.layers.blobs
            for (descriptor, content) in assembled.blobs {
                switch content {
                case .bytes(let bytes): _ = try blobs.put(bytes)
                case .stored, .remote:
                    guard blobs.contains(descriptor.digest) else { throw BlobError.missing(descriptor.digest) }
                }
            }
            try blobs.flush()
            var result = ExportResult(
                exporter: .image,
                descriptor: assembled.root,
                images: assembled.images.map(\.result),
                names: request.options.names.map(\.description)
            )
            result.notes = assembled.notes(for: request.options)
            return result
        }
    }
}
