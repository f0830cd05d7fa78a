// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
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
    public func importImage(at path: FilePath, options: ImageImportOptions = ImageImportOptions()) throws -> StoredImage
    {
        guard let file = try ArchiveFile(path, following: true), let status = file.status else {
            throw ImageImportError.unrecognised(path: path.string, reason: "it does not exist")
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return try importFolder(path, options)
        case S_IFREG: return try importFile(file, length: Int64(status.st_size), options)
        default:
            try file.awaitWriter()
            return try withExtendedLifetime(file) {
                try importStream(file.descriptor, named: path.string, options: options)
            }
        }
    }

    /// Takes the image that comes out of a pipe into the store: a tar of any of the forms, compressed or not.
    ///
    /// - Parameter name: What errors call it.
    public func importStream(_ stream: FileDescriptor, named name: String, options: ImageImportOptions) throws
        -> StoredImage
    {
        try importWhole(named: name, options) { try layers.importLayer(from: stream) }
    }

    private func importFolder(_ path: FilePath, _ options: ImageImportOptions) throws -> StoredImage {
        let documents = ImageDocuments(files: FolderFiles(path: path.string))
        guard try documents.files.file("oci-layout") != nil else {
            let reason = "a directory without the file oci-layout; make a tar of it to import it as a root file system"
            throw ImageImportError.unrecognised(path: path.string, reason: reason)
        }
        return try LayoutImport(importer: self, documents: documents, options: options, form: .ociLayout).run()
    }

    private func importFile(_ file: ArchiveFile, length: Int64, _ options: ImageImportOptions) throws -> StoredImage {
        guard length > 0 else { throw ImageImportError.unrecognised(path: file.name, reason: "it is empty") }
        if let image = try importArchive(file, named: file.name, options) { return image }
        return try importWhole(named: file.name, options) {
            try FileRange(file: file, offset: 0, length: length).withStream { try layers.importLayer(from: $0) }
        }
    }

    /// The image in an uncompressed archive of images; `nil` where the file is something else.
    private func importArchive(_ file: ArchiveFile, named name: String, _ options: ImageImportOptions) throws
        -> StoredImage?
    {
        guard let members = try ArchiveMembers(file) else { return nil }
        let documents = ImageDocuments(files: ArchiveFiles(path: name, archive: file, members: members))
        if members.contains("oci-layout"), members.contains("index.json") {
            return try LayoutImport(importer: self, documents: documents, options: options, form: .ociArchive).run()
        }
        guard members.contains("manifest.json"), let json = try? documents.json(named: "manifest.json"),
            DockerArchiveImport.isManifest(json)
        else { return nil }
        return try DockerArchiveImport(importer: self, documents: documents, options: options).run()
    }

    /// Stores a whole tar as a layer, and looks what it is: an archive of images that was compressed or came through a
    /// pipe is imported from there, and is no layer; anything else is a root file system.
    private func importWhole(
        named name: String,
        _ options: ImageImportOptions,
        _ store: () throws -> CommittedLayer
    ) throws -> StoredImage {
        let layer: CommittedLayer
        do { layer = try store() } catch let error as LayerError {
            throw ImageImportError.unrecognised(path: name, reason: "\(error)")
        }
        guard layer.size > 0 else {
            try discard(layer)
            throw ImageImportError.unrecognised(path: name, reason: "it is empty")
        }
        if let file = try ArchiveFile(layers.blobs.path(layer.diffID), following: false) {
            let image: StoredImage?
            do { image = try importArchive(file, named: name, options) } catch {
                try? discard(layer)
                throw error
            }
            if let image {
                try discard(layer)
                return image
            }
        }
        return try RootfsImport(importer: self, options: options).run(layer: layer)
    }

    private func discard(_ layer: CommittedLayer) throws {
        try layers.removeCaches(of: layer.diffID)
        try layers.blobs.remove(layer.diffID)
    }
}
