// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// A piece of content of an image: in memory, or in the blob store under its digest.
enum BlobContent: Hashable, Sendable {
    case bytes([UInt8])
    case stored
    /// In a registry, with this image; only a push takes it.
    case remote(ImageReference)
}

/// One image with all that its manifest names, ready to be written somewhere.
struct AssembledImage: Sendable {
    let platform: Platform
    /// The manifest's descriptor, with its platform and annotations.
    let manifest: Descriptor
    let manifestBytes: [UInt8]
    let config: Descriptor
    let configBytes: [UInt8]
    /// The layers, lowest first.
    let layers: [Descriptor]
    /// The layers that are taken over as a registry has them.
    var remote: [ContentDigest: ImageReference] = [:]
    let diffIDs: [ContentDigest]

    var result: ExportResult.Image {
        ExportResult.Image(platform: platform, manifest: manifest, config: config.digest, diffIDs: diffIDs)
    }
}

/// All images of one export, and what names them.
struct AssembledExport: Sendable {
    let images: [AssembledImage]
    /// The only image's manifest, or the image index.
    let root: Descriptor
    /// The image index; `nil` where there is none.
    let indexBytes: [UInt8]?

    /// What a person should know about how the options were met.
    func notes(for options: ExportOptions) -> [String] {
        guard let level = options.compression.level else { return [] }
        return ["compression-level=\(level) was not used: reel compresses at one level, the same on every machine"]
    }

    /// Every blob once, in byte order of the digests.
    var blobs: [(descriptor: Descriptor, content: BlobContent)] {
        var all: [ContentDigest: (Descriptor, BlobContent)] = [:]
        if let indexBytes { all[root.digest] = (root, .bytes(indexBytes)) }
        for image in images {
            all[image.manifest.digest] = (image.manifest, .bytes(image.manifestBytes))
            all[image.config.digest] = (image.config, .bytes(image.configBytes))
            for layer in image.layers {
                all[layer.digest] = (layer, image.remote[layer.digest].map(BlobContent.remote) ?? .stored)
            }
        }
        return all.sorted { $0.key < $1.key }.map { ($0.value.0, $0.value.1) }
    }
}
