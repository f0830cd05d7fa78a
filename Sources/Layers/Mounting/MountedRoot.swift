// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
import Synchronization
public import SystemPackage

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

    private let store: LayerStore
    private let environment: MountEnvironment
    /// The folder with everything that belongs to this root.
    private let folder: FilePath
    private let server: FuseOverlay?
    private let state: Mutex<(isMounted: Bool, points: MountPoints?)>

    /// Where the upper directory of a root is, below its folder.
    static func upper(of folder: FilePath) -> FilePath { folder.appending("upper") }

    /// Takes over an overlay that is mounted at `folder/root`.
    init(
        mountedIn folder: FilePath,
        snapshot: Snapshot,
        isWritable: Bool,
        store: LayerStore,
        environment: MountEnvironment,
        server: FuseOverlay?
    ) {
        self.path = folder.appending("root")
        self.folder = folder
        self.snapshot = snapshot
        self.isWritable = isWritable
        self.store = store
        self.environment = environment
        self.server = server
        state = Mutex((true, nil))
    }

    deinit { try? unmount() }

    /// Sees to it that something can be mounted at `path`, following symbolic links inside the root.
    ///
    /// What is missing is made, remembered, and removed again by `removeMountPoints()`. On a read-only root nothing can
    /// be made, and a missing path is an error: mount it writable, and let the container have it read-only.
    ///
    /// - Throws: `MountError.mountPoint`.
    public func makeMountPoint(_ path: String, _ kind: MountPointKind) throws {
        try mountPoints().make(path, kind)
    }

    /// Makes the directory at `path`, with its parents, for good: it becomes part of the layer.
    ///
    /// One that is there stays as it is.
    ///
    /// - Throws: `MountError.mountPoint`.
    public func makeFolder(_ path: String, uid: UInt32, gid: UInt32) throws {
        try mountPoints().makeFolder(path, uid: uid, gid: gid)
    }

    /// Removes mount points that were made and are still empty, and gives their directories their times back.
    ///
    /// - Parameter recursively: Whether also directories made on the way to a mount point go, if they are empty.
    public func removeMountPoints(recursively: Bool = true) throws {
        guard let points = state.withLock({ $0.points }) else { return }
        try points.remove(recursively: recursively)
    }

    /// Makes a layer of what changed, by reading the upper directory once.
    ///
    /// The layer has what differs between the snapshot and the root as it is now: a file that was copied up but equals
    /// what lies below is left out, and so is a directory in which nothing changed. Call it while nothing runs in the
    /// root. Mount points are removed before.
    ///
    /// - Throws: `MountError.notWritable`, or what reading and `LayerWriter` throw; the root stays as it is.
    public func commit(timestamps: TimestampPolicy) throws -> CommittedLayer {
        guard isWritable, state.withLock({ $0.isMounted }) else { throw MountError.notWritable }
        try removeMountPoints()
        let upper = try RootFolder(Self.upper(of: folder))
        let scan = UpperScan(
            upper: upper,
            lower: try store.view(snapshot),
            timestamps: timestamps,
            hasSingleID: environment.hasSingleID,
            marksByName: server != nil
        )
        let changes = try scan.changes()
        let writer = try store.writer(timestamps: timestamps)
        try UpperWriting(upper: upper, writer: writer).write(changes)
        return try writer.finish()
    }

    /// Unmounts the root and removes the upper directory; once more is fine.
    public func unmount() throws {
        // Mount points hold the root open: they go before it is unmounted.
        let wasMounted = state.withLock { state in
            defer { state = (false, nil) }
            return state.isMounted
        }
        guard wasMounted else { return }
        defer { server?.end() }
        try Unmount.path(path)
        try TreeRemoval.remove(folder)
    }

    private func mountPoints() throws -> MountPoints {
        try state.withLock { state in
            guard state.isMounted else { throw MountError.notWritable }
            if let points = state.points { return points }
            let points = try MountPoints(in: path)
            state.points = points
            return points
        }
    }
}
