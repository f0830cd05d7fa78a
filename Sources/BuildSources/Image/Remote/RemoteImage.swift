// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
public import OCIModel

/// An image elsewhere of which the documents are here and the layers are not, or need not be.
///
/// The configuration names the layers by DiffID, so snapshots, keys and ChainIDs are known before any layer is.
public struct RemoteImage: Sendable {
    /// A layer, by what it is and by what the place has.
    public struct Layer: Hashable, Sendable {
        /// The digest of the uncompressed tar.
        public let diffID: ContentDigest
        /// The blob in the place.
        public let blob: Descriptor

        /// Makes one of its parts.
        public init(diffID: ContentDigest, blob: Descriptor) {
            self.diffID = diffID
            self.blob = blob
        }
    }

    /// The digest that the name stands for: of the image index where there is one.
    public let pin: ContentDigest
    /// The digest of the image's own manifest.
    public let manifest: ContentDigest
    /// The digest of the configuration.
    public let configDigest: ContentDigest
    /// The configuration.
    public let config: ImageConfig
    /// The layers, lowest first.
    public let layers: [Layer]
    /// All documents on the way, which the store has: indexes, manifest, configuration.
    public let documents: [ContentDigest]

    /// The root file system.
    public var snapshot: Snapshot { Snapshot(layers: layers.map(\.diffID)) }

    /// Goes from what a name stands for to the image for a platform; reads from the place what the store lacks.
    ///
    /// - Parameters:
    ///   - root: A manifest or an index; a size of 0 where nobody has looked yet.
    ///   - store: Gets the documents, so that the next build asks for none of them.
    /// - Throws: `ImageImportError` for images that are none or are not for the platform, and what `origin` throws.
    public init(_ root: Descriptor, for platform: Platform, from origin: any ImageOrigin, into store: BlobStore)
        async throws
    {
        var documents: [ContentDigest] = []
        func document(_ descriptor: Descriptor) async throws -> JSONValue {
            let bytes = try await Self.bytes(of: descriptor, from: origin, into: store)
            documents.append(descriptor.digest)
            do { return try JSONValue(parsing: bytes) } catch {
                throw ImageImportError.malformed(path: origin.subject, reason: "\(descriptor.digest) is \(error)")
            }
        }
        var next = root
        for _ in 0...ManifestForm.deepest {
            let json = try await document(next)
            switch try ManifestForm(json, stated: next.mediaType, path: origin.subject) {
            case .index(let index):
                next = try ManifestForm.choose(index.manifests, for: platform, path: origin.subject)
            case .image(let manifest):
                let config: ImageConfig
                let configJSON = try await document(manifest.config)
                do { config = try ImageConfig(json: configJSON) } catch {
                    throw ImageImportError.malformed(path: origin.subject, reason: "the configuration: \(error)")
                }
                pin = root.digest
                self.manifest = next.digest
                configDigest = manifest.config.digest
                self.config = config
                layers = try ManifestForm.layers(of: manifest, config: config, path: origin.subject)
                    .map { Layer(diffID: $0.diffID, blob: $0.blob) }
                self.documents = documents
                return
            }
        }
        throw ImageImportError.malformed(
            path: origin.subject,
            reason: "its image indexes are nested more than \(ManifestForm.deepest) deep"
        )
    }

    private static func bytes(of descriptor: Descriptor, from origin: any ImageOrigin, into store: BlobStore)
        async throws -> [UInt8]
    {
        if store.contains(descriptor.digest) {
            return try await Offload.run { try store.read(descriptor.digest, limit: ImageDocuments.largest) }
        }
        guard descriptor.size <= ImageDocuments.largest else {
            throw ImageImportError.tooLarge(
                path: origin.subject,
                subject: "\(descriptor.digest)",
                limit: ImageDocuments.largest
            )
        }
        let bytes = try await origin.document(descriptor)
        _ = try await Offload.run { try store.put(bytes) }
        return bytes
    }
}
