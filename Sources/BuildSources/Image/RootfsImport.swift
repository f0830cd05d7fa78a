// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// Makes an image of one layer out of the tar of a root file system.
struct RootfsImport {
    let importer: ImageImporter
    let options: ImageImportOptions

    /// Makes the image whose only layer is `layer`, which the store has.
    func run(layer: CommittedLayer) throws -> StoredImage {
        var config = ImageConfig(platform: options.platform)
        config.container = options.container
        config.created = options.created.rfc3339
        config.diffIDs = [layer.diffID]
        config.history = [
            ImageConfig.HistoryEntry(created: options.created.rfc3339, createdBy: "reel image import")
        ]
        return try importer.commit(
            configBytes: config.json.canonicalBytes,
            annotations: [:],
            sourceManifest: nil,
            form: .rootfs,
            names: []
        )
    }
}
