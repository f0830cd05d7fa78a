// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel
public import SystemPackage

/// Which driver to use, and why.
public struct DriverChoice: Sendable {
    /// The driver.
    public let driver: any SnapshotDriver
    /// Why it, as a clause such as `the kernel mounts EROFS images from files`.
    public let reason: String
    /// Who stacks directories.
    public let overlay: MountEnvironment.Overlay
    /// Why the kernel doesn't, as a clause; `nil` where it does.
    public let overlayRefusal: String?

    /// The names that `preferred` may have.
    public static let names = ["erofs", "directory", "fuse-overlayfs"]

    /// Chooses by trying: `erofs` where the kernel mounts an image from a file, else `directory`; and for an ordinary
    /// user to whom the kernel refuses overlayfs, fuse-overlayfs where it is installed.
    ///
    /// - Parameters:
    ///   - preferred: One of `names` to have that one; `fuse-overlayfs` is the directory driver with that program. `nil`
    ///     to choose.
    ///   - searchPath: `PATH`, where fuse-overlayfs is looked for.
    /// - Throws: `MountError.refused` when the preferred one is not possible or there is none of that name.
    public static func choose(
        for store: LayerStore,
        in environment: MountEnvironment,
        preferred: String? = nil,
        searchPath: String
    ) throws -> DriverChoice {
        switch preferred {
        case nil:
            if let refusal = erofsRefusal(in: environment.folder) {
                return try directory(store, environment, reason: refusal, searchPath)
            }
            return try erofs(store, environment, reason: "the kernel mounts EROFS images from files")
        case "directory":
            return try directory(store, environment, reason: "it was asked for", searchPath)
        case "erofs":
            if let refusal = erofsRefusal(in: environment.folder) {
                throw MountError.refused(what: "an EROFS image", reason: refusal)
            }
            return try erofs(store, environment, reason: "it was asked for")
        case "fuse-overlayfs":
            guard let program = FuseOverlay.program(searchPath: searchPath) else {
                throw MountError.refused(what: "a snapshot", reason: "fuse-overlayfs is not installed")
            }
            return try fuse(store, environment, program, reason: "it was asked for", refusal: "it was not asked for")
        case let other?:
            let list = names.joined(separator: ", ")
            throw MountError.refused(what: "a snapshot", reason: "'\(other)' is no driver; there are \(list)")
        }
    }

    private static func erofs(
        _ store: LayerStore,
        _ environment: MountEnvironment,
        reason: String
    ) throws -> DriverChoice {
        let driver = try ErofsDriver(store, in: environment)
        return DriverChoice(driver: driver, reason: reason, overlay: .kernel, overlayRefusal: nil)
    }

    private static func directory(
        _ store: LayerStore,
        _ environment: MountEnvironment,
        reason: String,
        _ searchPath: String
    ) throws -> DriverChoice {
        if environment.isRootless,
            let refusal = OverlayMount.refusal(in: environment.folder, isRootless: true),
            let program = FuseOverlay.program(searchPath: searchPath)
        {
            return try fuse(store, environment, program, reason: reason, refusal: refusal)
        }
        let driver = try DirectoryDriver(store, in: environment)
        return DriverChoice(driver: driver, reason: reason, overlay: .kernel, overlayRefusal: nil)
    }

    private static func fuse(
        _ store: LayerStore,
        _ environment: MountEnvironment,
        _ program: FilePath,
        reason: String,
        refusal: String
    ) throws -> DriverChoice {
        var environment = environment
        environment.overlay = .fuse(program: program)
        let driver = try DirectoryDriver(store, in: environment)
        return DriverChoice(driver: driver, reason: reason, overlay: environment.overlay, overlayRefusal: refusal)
    }

    /// Why the kernel refuses an overlay of directories in `folder`, in its own words; `nil` when it doesn't.
    ///
    /// Mounts an empty one.
    public static func overlayRefusal(in folder: FilePath, isRootless: Bool) -> String? {
        OverlayMount.refusal(in: folder, isRootless: isRootless)
    }

    /// Where fuse-overlayfs is; `nil` where it is not installed.
    ///
    /// - Parameter searchPath: `PATH`.
    public static func fuseProgram(searchPath: String) -> FilePath? { FuseOverlay.program(searchPath: searchPath) }

    /// Why EROFS images can't be mounted from files; `nil` when they can.
    ///
    /// Mounts the smallest image there is.
    public static func erofsRefusal(in folder: FilePath) -> String? {
        let probe = folder.appending("probe-erofs")
        defer { try? TreeRemoval.remove(probe) }
        do {
            try probe.appending("m").makeFolder()
            let image = probe.appending("i")
            let file = try FileDescriptor.open(
                image,
                .writeOnly,
                options: [.create, .truncate, .closeOnExec],
                permissions: .ownerReadWrite
            )
            try file.closeAfter { _ = try file.writeAll(Self.emptyImage) }
            try ErofsDriver.mount(image, devices: [], at: probe.appending("m"))
            try Unmount.path(probe.appending("m"))
            return nil
        } catch let MountError.refused(_, reason) {
            return reason
        } catch {
            return "\(error)"
        }
    }

    /// An EROFS image with an empty root directory.
    ///
    /// Source: the kernel's fs/erofs/erofs_fs.h; blocks of 512 bytes: 0 and 1 unused, 2 the superblock, 3 the inode,
    /// 4 the directory.
    static let emptyImage: [UInt8] = {
        var image = [UInt8](repeating: 0, count: 5 * 512)
        func put(_ value: UInt64, _ size: Int, at offset: Int) {
            for index in 0..<size { image[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
        }
        put(0xE0F5_E1E2, 4, at: 1024)
        put(9, 1, at: 1024 + 12)
        // Inodes count from byte 0 in steps of 32.
        put(3 * 512 / 32, 2, at: 1024 + 14)
        put(1, 8, at: 1024 + 16)
        put(5, 4, at: 1024 + 36)
        // Extended inode, plain data: a directory, mode 0755, two links.
        let inode = 3 * 512
        put(1, 2, at: inode)
        put(0o40755, 2, at: inode + 4)
        put(27, 8, at: inode + 8)
        put(4, 4, at: inode + 16)
        put(1, 4, at: inode + 20)
        put(2, 4, at: inode + 44)
        // `.` and `..`, which both are this directory.
        let entries = 4 * 512
        for (index, name) in [(0, UInt64(24)), (1, 25)] {
            put(UInt64(inode / 32), 8, at: entries + 12 * index)
            put(name, 2, at: entries + 12 * index + 8)
            put(2, 1, at: entries + 12 * index + 10)
        }
        for offset in 24..<27 { image[entries + offset] = UInt8(ascii: ".") }
        return image
    }()
}
