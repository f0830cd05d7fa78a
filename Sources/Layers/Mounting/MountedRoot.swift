// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import SystemPackage

/// What a mount point is made as, where it does not exist.
public enum MountPointKind: Sendable {
    /// An empty file.
    case file
    /// An empty directory.
    case directory
}

/// A mounted snapshot; writable ones collect what changes in an upper directory of their own.
///
/// Unmounted, and its upper directory removed, by `unmount()` or when it goes away.
public final class MountedRoot: Sendable {
    /// Where it is mounted.
    public let path: FilePath
    /// What is mounted.
    public let snapshot: Snapshot
    /// Whether it has an upper directory.
    public let isWritable: Bool

    init(path: FilePath, snapshot: Snapshot, isWritable: Bool) {
        self.path = path
        self.snapshot = snapshot
        self.isWritable = isWritable
    }

    /// Sees to it that something can be mounted at `path`, following symbolic links inside the root.
    ///
    /// What is missing is made, remembered, and removed again by `removeMountPoints()`. On a read-only root nothing is
    /// made, and a missing path is an error.
    public func makeMountPoint(_ path: String, _ kind: MountPointKind) throws {}

    /// Removes mount points that were made and are still empty, and gives their directories their times back.
    ///
    /// - Parameter recursively: Whether also directories made on the way to a mount point go, if they are empty.
    public func removeMountPoints(recursively: Bool = true) throws {}

    /// Makes a layer of what changed, by reading the upper directory once.
    ///
    /// The layer has what differs between the snapshot and the root as it is now: a file that was copied up but equals
    /// what lies below is left out, and so is a directory in which nothing changed. Call it while nothing runs in the
    /// root. Mount points are removed before.
    ///
    /// - Throws: `MountError.notWritable`, or what reading and `LayerWriter` throw; the root stays as it is.
    public func commit(timestamps: TimestampPolicy) throws -> CommittedLayer { throw MountError.notWritable }

    /// Unmounts the root and removes the upper directory; once more is fine.
    public func unmount() throws {}
}
