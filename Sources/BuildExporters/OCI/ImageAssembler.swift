// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// Makes manifests, and the index of several, out of what was built.
///
/// The same images and options give the same bytes: documents are canonical JSON, and compression is deterministic.
struct ImageAssembler {
    let store: LayerStore
    let options: ExportOptions
    let epoch: Timestamp

    init(store: LayerStore, request: ExportRequest) {
        self.store = store
        options = request.options
        epoch = request.epoch
    }

    /// Assembles everything that `request` names; compresses the layers that need it.
    func assemble(_ request: ExportRequest) throws -> AssembledExport {
        let name = options.type.rawValue
        guard let first = request.images.first else {
            throw ExportError.unsupported(exporter: name, reason: "nothing was built")
        }
        for platform in options.annotations.platforms where !request.images.contains(where: { $0.platform == platform })
        {
            throw ExportError.usage("there is an annotation for \(platform), which was not built")
        }
        let images = try request.images.map(assemble)
        if request.images.count == 1, !request.forceIndex {
            guard !options.annotations.needsIndex else {
                throw ExportError.usage(
                    "annotations of an index need several platforms, and only \(first.platform) was built"
                )
            }
            return AssembledExport(images: images, root: images[0].manifest, indexBytes: nil)
        }
        return index(of: images)
    }

    private func index(of images: [AssembledImage]) -> AssembledExport {
        let type = options.ociMediaTypes ? MediaType.ociIndex : MediaType.dockerIndex
        let index = ImageIndex(
            mediaType: type,
            manifests: images.map(\.manifest),
            annotations: options.annotations.annotations(at: .index)
        )
        let bytes = index.json.canonicalBytes
        let root = Descriptor(
            mediaType: type,
            digest: ContentDigest(of: bytes),
            size: Int64(bytes.count),
            annotations: options.annotations.annotations(at: .indexDescriptor)
        )
        return AssembledExport(images: images, root: root, indexBytes: bytes)
    }

    private func assemble(_ image: ExportImage) throws -> AssembledImage {
        var config = image.config
        guard config.diffIDs == image.snapshot.layers else {
            throw ExportError.failed(
                exporter: options.type.rawValue,
                reason: "the image configuration of \(image.platform) names other layers than were built"
            )
        }
        if options.rewriteTimestamp { try rewriteTimes(of: image, in: &config) }
        let originals = options.type == .registry && !options.forceCompression ? image.originals : [:]
        let layers = try config.diffIDs.map { try originals[$0].map(original) ?? layer($0) }
        let remote = originals.values.map { ($0.blob.digest, $0.reference) }
        let configBytes = config.json.canonicalBytes
        let oci = options.ociMediaTypes
        let configDescriptor = Descriptor(
            mediaType: oci ? MediaType.ociConfig : MediaType.dockerConfig,
            digest: ContentDigest(of: configBytes),
            size: Int64(configBytes.count)
        )
        let asked = options.annotations.annotations(at: .manifest, platform: image.platform)
        let manifest = ImageManifest(
            mediaType: oci ? MediaType.ociManifest : MediaType.dockerManifest,
            config: configDescriptor,
            layers: layers,
            annotations: oci ? image.annotations.merging(asked) { _, new in new } : [:]
        )
        let bytes = manifest.json.canonicalBytes
        let descriptor = Descriptor(
            mediaType: manifest.mediaType,
            digest: ContentDigest(of: bytes),
            size: Int64(bytes.count),
            annotations: options.annotations.annotations(at: .manifestDescriptor, platform: image.platform),
            platform: image.platform
        )
        return AssembledImage(
            platform: image.platform,
            manifest: descriptor,
            manifestBytes: bytes,
            config: configDescriptor,
            configBytes: configBytes,
            layers: layers,
            remote: Dictionary(remote) { first, _ in first },
            diffIDs: config.diffIDs
        )
    }

    /// The layer as the registry has it that it came from, under the family of media types that was asked for.
    private func original(_ layer: OriginalLayer) -> Descriptor {
        let type = layer.blob.mediaType
        let form = type.hasSuffix("gzip") ? "gzip" : type.hasSuffix("zstd") ? "zstd" : ""
        let known =
            switch (form, options.ociMediaTypes) {
            case ("gzip", true): MediaType.ociLayerGzip
            case ("gzip", false): MediaType.dockerLayerGzip
            case ("zstd", _): MediaType.ociLayerZstd
            case (_, true): MediaType.ociLayer
            case (_, false): MediaType.dockerLayer
            }
        return Descriptor(mediaType: known, digest: layer.blob.digest, size: layer.blob.size)
    }

    /// The layer in the form that was asked for.
    private func layer(_ diffID: ContentDigest) throws -> Descriptor {
        try Stop.check()
        var descriptor: Descriptor
        switch options.compression {
        case .uncompressed:
            guard let size = store.blobs.size(diffID) else { throw BlobError.missing(diffID) }
            descriptor = Descriptor(mediaType: MediaType.ociLayer, digest: diffID, size: size)
        case .gzip: descriptor = try store.compressed(diffID, as: .gzip)
        case .zstd: descriptor = try store.compressed(diffID, as: .zstd)
        }
        if !options.ociMediaTypes {
            descriptor.mediaType =
                options.compression == .uncompressed ? MediaType.dockerLayer : MediaType.dockerLayerGzip
        }
        return descriptor
    }
}
