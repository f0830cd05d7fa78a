// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import DockerfileFrontend
import EventStorage
import Layers
import OCIModel

/// The images of reel's own store, as the frontend and the sources ask for them.
struct ImageStore: Sendable {
    let log: EventLog
    let blobs: BlobStore

    /// The image that `reference` names for `platform`; a digest in the name decides alone.
    func image(_ reference: ImageReference, platform: Platform) throws -> ImageStored? {
        if let digest = reference.digest { return try image(digest) }
        return try log.image(named: reference.description, platform: platform.description)?.image
    }

    /// The image with the manifest `digest`.
    func image(_ digest: ContentDigest) throws -> ImageStored? {
        try log.images(matching: digest.hex).first { $0.image.manifest == digest }?.image
    }

    /// The configuration of a stored image.
    func config(of image: ImageStored) throws -> ImageConfig {
        try ImageConfig(json: JSONValue(parsing: blobs.read(image.config)))
    }
}

/// Answers the frontend from the store, and records each answer.
struct StoreImageResolver: ImageResolving {
    let store: ImageStore
    let log: any EventAppending
    let build: BuildID
    /// The pin that each source string had in the last build.
    let lastPin: @Sendable (String) throws -> String?

    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
        let identifier = "docker-image://\(reference)"
        log.append(.sourceResolving(SourceResolving(vertex: nil, identifier: identifier)), build: build)
        guard let image = try store.image(reference, platform: platform) else {
            throw SourceResolutionError.unknownImage(reference.familiar)
        }
        let previous = try lastPin(identifier)
        let pin = image.manifest.description
        let event = SourceResolved(
            identifier: identifier,
            type: "image",
            pin: pin,
            how: "store",
            movedFrom: previous == pin ? nil : previous,
            layers: image.layers,
            blobs: [image.manifest, image.config],
            details: ["platform": platform.description]
        )
        log.append(.sourceResolved(event), build: build)
        return ResolvedImage(reference: reference, digest: image.manifest, config: try store.config(of: image))
    }

    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage {
        throw SourceResolutionError.unsupported("oci-layout://\(layout)")
    }
}
