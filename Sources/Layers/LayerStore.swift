// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import SystemPackage

/// The layers of a data root: tars in the blob store, and beside them what can be made again from them.
///
/// `layers/<hex>.erofs` is the index of the layer or, for a merged one, of the stack with that ChainID;
/// `layers/<hex>.sums` holds digests of single files; `layers/<hex>.gzip` and `.zstd` name compressed forms.
public final class LayerStore: Sendable {
    /// Where the tars are.
    public let blobs: BlobStore

    /// Opens the layers of a data root, making what is not there yet.
    public init(root: FilePath) throws { blobs = try BlobStore(root: root) }

    /// Starts a layer.
    ///
    /// - Parameter timestamps: What becomes of the times of its entries.
    public func writer(timestamps: TimestampPolicy) throws -> LayerWriter { LayerWriter() }

    /// Whether the layer's tar is there; its index is made when it is needed.
    public func contains(_ diffID: ContentDigest) -> Bool { blobs.contains(diffID) }

    /// The merged view of a snapshot.
    ///
    /// - Throws: `BlobError.missing` when a layer is not there, `LayerError` when it is no valid tar.
    public func view(_ snapshot: Snapshot) throws -> LayerView { LayerView(snapshot: snapshot) }

    /// One layer alone, as it is: whiteouts are entries of kind `.whiteout`, and `isOpaque` is told.
    public func bareView(_ diffID: ContentDigest) throws -> LayerView { try view(Snapshot(layers: [diffID])) }

    /// What to mount for a snapshot.
    ///
    /// - Parameter maximumUnits: The most images wanted; deeper stacks get one merged index for their lowest layers.
    /// - Returns: EROFS images, lowest first.
    public func mountPlan(for snapshot: Snapshot, maximumUnits: Int = 32) throws -> [MountUnit] { [] }

    /// Stores a layer from an open file or pipe: plain, gzip or zstd, told apart by its first bytes.
    ///
    /// The bytes of the tar are kept exactly, nothing is unpacked. A layer that is refused leaves nothing behind.
    ///
    /// - Parameter expecting: The DiffID that it must have, if one is known.
    /// - Throws: `LayerError`.
    public func importLayer(
        from source: FileDescriptor,
        expecting: ContentDigest? = nil,
        limits: ImportLimits = .default
    ) throws -> CommittedLayer { throw LayerError.limit("unfinished") }

    /// The layer in a compressed form, made at the first call and kept.
    ///
    /// - Returns: A descriptor with the OCI media type for the form.
    public func compressed(_ diffID: ContentDigest, as form: Compression) throws -> Descriptor {
        throw BlobError.missing(diffID)
    }

    /// Drops what is kept beside a layer: index, digests of files, names of compressed forms. The tar stays.
    public func removeCaches(of diffID: ContentDigest) throws {}

    /// Writes down the digests of files that were computed since the last call.
    public func saveDigests() throws {}
}

/// One EROFS image to mount: `mount -t erofs -o ro,device=<tars[0]>,device=<tars[1]>… <index>`.
public struct MountUnit: Hashable, Sendable {
    /// The image with the metadata.
    public let index: FilePath
    /// The layers that it stands for, lowest first.
    public let layers: [ContentDigest]
    /// Their tars, in the order of the devices.
    public let tars: [FilePath]
}
