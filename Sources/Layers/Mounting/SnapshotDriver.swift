// SPDX-License-Identifier: Apache-2.0

public import OCIModel

/// Makes snapshots visible as directories that a container can run in.
///
/// There are two: `ErofsDriver` mounts the tars themselves, `DirectoryDriver` unpacks each layer once. What a step
/// writes gives the same layer, and so the same DiffID, with both.
public protocol SnapshotDriver: Sendable {
    /// `erofs` or `directory`, as events and `reel doctor` name it.
    var name: String { get }

    /// Mounts a snapshot with an empty upper directory of its own, or read-only.
    ///
    /// Mounts of layers are made once and kept for the process. An error leaves nothing mounted that wasn't before.
    ///
    /// - Throws: `BlobError`, `LayerError` when a layer is missing or damaged; `MountError` when the kernel refuses.
    func mount(_ snapshot: Snapshot, writable: Bool) throws -> MountedRoot

    /// Unmounts what is kept for the process; roots that are still mounted stay.
    func close()
}
