// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
import BuildExporters
public import BuildModel
import BuildSources
import EventStorage
import Layers
import OCIModel
public import SystemPackage

extension Engine {
    /// Takes an image into the store under `name`.
    ///
    /// - Parameters:
    ///   - path: A root file system as a tar (compressed or not), an OCI layout (a directory or a tar), or an archive of
    ///     `docker save`; recognised by content.
    ///   - platform: Which image of an index, and the platform of a bare root file system.
    ///   - reference: Which image where the file holds several.
    /// - Throws: `ImageImportError`, `OCIError`; no image is stored then, blobs that arrived are left for `prune`.
    public func importImage(
        name: String,
        path: FilePath,
        platform: Platform,
        reference: String? = nil
    ) async throws -> ImageStored {
        let full = try ImageReference(parsing: name)
        let layers = layers
        let options = ImageImportOptions(platform: platform, reference: reference)
        let source = FilePath(environment.absolute(path.string))
        let image = try await Offload.run {
            let image = try ImageImporter(layers: layers).importImage(at: source, options: options)
            try layers.blobs.flush()
            return image
        }
        let event = ImageStored(
            names: [full.description],
            manifest: image.manifest.digest,
            size: image.manifest.size,
            config: image.configDigest,
            platform: image.platform.description,
            layers: image.diffIDs,
            origin: "import"
        )
        log.append(.imageStored(event), build: nil)
        try await log.flush()
        try await Offload.run { try self.writeLayoutIndex() }
        return event
    }

    /// Writes `index.json` of the data root from the images that the log knows, so that other tools can read the store.
    func writeLayoutIndex() throws {
        let manifests = try log.images().map { record in
            Descriptor(
                mediaType: MediaType.ociManifest,
                digest: record.image.manifest,
                size: record.image.size,
                annotations: ["org.opencontainers.image.ref.name": record.name],
                platform: try? Platform(parsing: record.image.platform, host: .compiled)
            )
        }
        let index = ImageIndex(manifests: manifests.sorted { $0.annotations.description < $1.annotations.description })
        try AtomicFile.write(index.json.canonicalBytes, to: root.appending("index.json"), through: folder.path)
    }
}
