// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
public import OCIModel
public import SystemPackage

/// What `reel image import` is asked for beside the path.
public struct ImageImportOptions: Hashable, Sendable {
    /// Which image of an index is meant, and what a rootfs tar is for.
    public var platform: Platform
    /// Which image of a layout or archive with several: a `ref.name` annotation, a `RepoTags` entry, or a digest.
    public var reference: String?
    /// What the configuration of a rootfs tar says for `created`.
    public var created: Timestamp
    /// The configuration that a rootfs tar starts from; its platform and DiffIDs are replaced.
    public var container: ContainerConfig

    /// Makes one of its parts.
    public init(
        platform: Platform = .compiled,
        reference: String? = nil,
        created: Timestamp = Timestamp(seconds: TimestampPolicy.defaultEpoch),
        container: ContainerConfig = ContainerConfig()
    ) {
        self.platform = platform
        self.reference = reference
        self.created = created
        self.container = container
    }
}

/// An image as reel's store holds it: the facts for `image.stored`.
public struct StoredImage: Hashable, Sendable {
    /// The form that it came in.
    public enum Form: String, Sendable {
        /// One tar of a root file system.
        case rootfs
        /// An OCI layout directory.
        case ociLayout = "oci-layout"
        /// An OCI layout in a tar.
        case ociArchive = "oci-archive"
        /// What `docker save` writes.
        case dockerArchive = "docker-archive"
        /// A registry.
        case registry
    }

    /// The stored manifest: it names the layers uncompressed, so that the store is an OCI layout.
    public let manifest: Descriptor
    /// The manifest as it was in the source; `nil` where the source had none.
    public let sourceManifest: Descriptor?
    /// The image configuration, byte for byte as it was in the source; its digest is the image id in docker.
    public let configDigest: ContentDigest
    /// The image configuration, read.
    public let config: ImageConfig
    /// The root file system.
    public let snapshot: Snapshot
    /// The form that it came in.
    public let form: Form
    /// Names that the source itself gives it, in byte order.
    public let names: [String]

    /// The platform that it runs on.
    public var platform: Platform { config.platform }
    /// The DiffIDs of its layers, lowest first.
    public var diffIDs: [ContentDigest] { snapshot.layers }
}

/// Takes images into the store: from a rootfs tar, an OCI layout (directory or tar) or a `docker save` archive.
///
/// What a path is is found by looking at its content, never at its name. Every digest that the source states is
/// verified. After an error no name refers to anything new; blobs that arrived whole stay as garbage that a prune
/// removes, since another build may have taken them up.
public struct ImageImporter: Sendable {
    let layers: LayerStore

    /// Makes an importer into `layers`.
    public init(layers: LayerStore) { self.layers = layers }

    /// Takes the image at `path` into the store.
    ///
    /// Blocks; call it within `Offload.run`.
    ///
    /// - Throws: `ImageImportError`, and `SystemCallError` where reading fails.
    public func importImage(at path: FilePath, options: ImageImportOptions = ImageImportOptions()) throws -> StoredImage {
        throw ImageImportError.unrecognised(path: path.string, reason: "not written yet")
    }
}
