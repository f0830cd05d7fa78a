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
    /// - Parameter forContainer: Whether what a container mounts in every root (`/proc`, `/dev`, `/sys`, `/etc/hosts`,
    ///   `/etc/resolv.conf`) is there, empty, where the snapshot has nothing; it never becomes part of a layer.
    /// - Throws: `BlobError`, `LayerError` when a layer is missing or damaged; `MountError` when the kernel refuses.
    func mount(_ snapshot: Snapshot, writable: Bool, forContainer: Bool) throws -> MountedRoot

    /// Unmounts what is kept for the process; roots that are still mounted stay.
    func close()
}

extension SnapshotDriver {
    /// Mounts a snapshot as it is.
    ///
    /// - Throws: As `mount(_:writable:forContainer:)`.
    public func mount(_ snapshot: Snapshot, writable: Bool) throws -> MountedRoot {
        try mount(snapshot, writable: writable, forContainer: false)
    }
}
