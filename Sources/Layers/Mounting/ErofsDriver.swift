// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import OCIModel
import Synchronization
import SystemPackage

/// Mounts the tars of layers themselves, through their EROFS indexes; nothing is unpacked.
///
/// Each index is mounted once per process, when it is first needed.
public final class ErofsDriver: SnapshotDriver {
    /// `erofs`.
    public let name = "erofs"

    private let store: LayerStore
    private let overlay: OverlayMount
    private let images: FilePath
    private let mounted = Mutex<[FilePath: FilePath]>([:])

    /// Mounts layers of `store` below `environment.folder`.
    public init(_ store: LayerStore, in environment: MountEnvironment) throws {
        self.store = store
        overlay = try OverlayMount(store: store, environment: environment)
        images = environment.folder.appending("l")
        try images.makeFolder()
    }

    deinit { close() }

    /// Mounts a snapshot, as `SnapshotDriver` says.
    public func mount(_ snapshot: Snapshot, writable: Bool, forContainer: Bool) throws -> MountedRoot {
        let lowers = try store.mountPlan(for: snapshot).map(lower)
        return try overlay.root(of: snapshot, lowers: lowers, writable: writable, forContainer: forContainer)
    }

    /// Unmounts the layers.
    ///
    /// Roots that are still mounted keep what they need.
    public func close() {
        let all = mounted.withLock { mounted in
            defer { mounted = [:] }
            return mounted
        }
        for path in all.values.sorted(by: { $0.string < $1.string }) {
            try? Unmount.path(path)
            try? TreeRemoval.remove(path)
        }
    }

    /// The directory where an image is mounted.
    private func lower(_ unit: MountUnit) throws -> FilePath {
        try mounted.withLock { mounted in
            if let path = mounted[unit.index] { return path }
            // Short, since old kernels want the paths of a whole stack on one page.
            let path = images.appending("\(mounted.count)")
            try path.makeFolder()
            try Self.mount(unit.index, devices: unit.tars, at: path)
            mounted[unit.index] = path
            return path
        }
    }

    /// Mounts one image at `path`.
    ///
    /// Source: the kernel's Documentation/filesystems/erofs.rst, mount options.
    static func mount(_ index: FilePath, devices: [FilePath], at path: FilePath) throws {
        let image = try MountConfiguration("erofs")
        try image.set("source", index.string)
        for device in devices { try image.set("device", device.string) }
        try image.set("ro")
        try image.attach(at: path, attributes: UInt32(MOUNT_ATTR_RDONLY))
    }
}
