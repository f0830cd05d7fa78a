// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import OCIModel
import Synchronization
import SystemPackage

/// Unpacks every layer once, into `unpacked/<hex of its DiffID>` below the data root, and stacks the directories.
///
/// For kernels and users that can't mount EROFS images from files. The directories are a cache: they may be removed
/// while no process uses them.
public final class DirectoryDriver: SnapshotDriver {
    /// `directory`.
    public let name = "directory"

    private let store: LayerStore
    private let overlay: OverlayMount
    private let unpacked: FilePath
    private let counter = Atomic<Int>(0)

    /// Unpacks layers of `store`; roots are mounted below `environment.folder`.
    public init(_ store: LayerStore, in environment: MountEnvironment) throws {
        self.store = store
        overlay = try OverlayMount(store: store, environment: environment)
        // Owners and marks differ between root's and others' directories, so they have folders of their own.
        let kind = environment.hasSingleID ? "unpacked-single" : environment.isRootless ? "unpacked-user" : "unpacked"
        unpacked = store.blobs.root.appending(kind)
        try unpacked.makeFolder()
    }

    /// Mounts a snapshot, as `SnapshotDriver` says.
    public func mount(_ snapshot: Snapshot, writable: Bool, forContainer: Bool) throws -> MountedRoot {
        let lowers = try snapshot.layers.map(lower)
        return try overlay.root(of: snapshot, lowers: lowers, writable: writable, forContainer: forContainer)
    }

    /// Does nothing: directories need no unmounting.
    public func close() {}

    /// The directory of a layer, unpacked under another name and renamed when it is whole.
    private func lower(_ diffID: ContentDigest) throws -> FilePath {
        let path = unpacked.appending(diffID.hex)
        if access(path) { return path }
        let number = counter.add(1, ordering: .relaxed).newValue
        // In the folder of this process, so that what is half done when it is killed is found.
        let new = overlay.environment.folder.appending("u\(number)")
        do {
            try new.makeFolder()
            try LayerUnpacking(store: store, environment: overlay.environment).unpack(diffID, into: new)
            if unsafe rename(new.string, path.string) != 0 && !access(path) {
                throw SystemCallError("rename", path.string)
            }
        } catch {
            try? TreeRemoval.remove(new)
            throw error
        }
        // Somebody else was faster.
        try TreeRemoval.remove(new)
        return path
    }

    private func access(_ path: FilePath) -> Bool { unsafe Glibc.access(path.string, F_OK) == 0 }
}
