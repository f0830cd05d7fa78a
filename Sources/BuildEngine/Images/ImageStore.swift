// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage
import Layers
import OCIModel

/// The images of reel's own store, as sources are looked up in them.
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
