// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
public import OCIModel

extension ImageImporter {
    /// Stores the documents of an image whose layers the store has already.
    ///
    /// - Parameters:
    ///   - configBytes: The configuration, kept byte for byte.
    ///   - annotations: Those of the source's manifest.
    ///   - sourceManifest: The source's manifest.
    ///   - names: The names that the source gives it.
    /// - Throws: `OCIError`, `BlobError.missing` for a layer that is not there.
    public func commit(
        configBytes: [UInt8],
        annotations: [String: String],
        sourceManifest: Descriptor?,
        form: StoredImage.Form,
        names: [String]
    ) throws -> StoredImage {
        let config: ImageConfig
        do { config = try ImageConfig(json: JSONValue(parsing: configBytes)) } catch let error as JSONError {
            throw OCIError.malformed("the configuration is \(error)")
        }
        let described = try config.diffIDs.map { diffID in
            guard let size = layers.blobs.size(diffID) else { throw BlobError.missing(diffID) }
            return Descriptor(mediaType: MediaType.ociLayer, digest: diffID, size: size)
        }
        let configDescriptor = Descriptor(
            mediaType: MediaType.ociConfig,
            digest: try layers.blobs.put(configBytes),
            size: Int64(configBytes.count)
        )
        let manifest = ImageManifest(config: configDescriptor, layers: described, annotations: annotations)
        let bytes = manifest.json.canonicalBytes
        let descriptor = Descriptor(
            mediaType: MediaType.ociManifest,
            digest: try layers.blobs.put(bytes),
            size: Int64(bytes.count),
            platform: config.platform
        )
        try layers.blobs.flush()
        return StoredImage(
            manifest: descriptor,
            sourceManifest: sourceManifest,
            configDigest: configDescriptor.digest,
            config: config,
            snapshot: Snapshot(layers: config.diffIDs),
            form: form,
            names: names
        )
    }
}
