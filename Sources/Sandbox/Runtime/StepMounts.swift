// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage

/// The mounts of one step: their sources, resolved safely, and their mount points, made and removed again.
///
/// A part of a directory is mounted by its descriptor into a folder of the step first, so that nothing that runs
/// meanwhile can put something else in its place.
final class StepMounts {
    /// One source for each mount of the step; `nil` for memory.
    private(set) var sources: [FilePath?] = []

    private let step: ContainerStep
    private let staging: FilePath
    private var staged: [FilePath] = []
    private var inMounts: [MountPoints] = []

    /// For a step; `staging` is a folder that need not exist, for this step alone.
    init(_ step: ContainerStep, staging: FilePath) {
        self.step = step
        self.staging = staging
    }

    deinit { for path in staged { try? Unmount.path(path) } }

    /// Resolves the sources and makes what is missing in the root and in mounts that others lie in.
    ///
    /// - Throws: `MountError`; what was made stays until `removeMountPoints()`.
    func prepare() throws {
        if step.root.isWritable { try makeStandardPoints() }
        for (index, mount) in step.mounts.enumerated() {
            let (source, kind) = try resolve(mount)
            sources.append(source)
            try makePoint(for: index, kind)
        }
        // After the mounts: a working directory may lie in one of them.
        if step.root.isWritable, step.absoluteWorkingDirectory != "/", owner(of: step.absoluteWorkingDirectory) == nil {
            try step.root.makeFolder(step.absoluteWorkingDirectory, uid: step.user.uid, gid: step.user.gid)
        }
    }

    /// Removes the mount points that were made.
    func removeMountPoints() throws {
        for points in inMounts { try points.remove(recursively: step.removesMountPointsRecursively) }
        try step.root.removeMountPoints(recursively: step.removesMountPointsRecursively)
    }

    private func makeStandardPoints() throws {
        for path in ["/proc", "/dev", "/sys"] { try step.root.makeMountPoint(path, .directory) }
        for path in ["/etc/hosts", "/etc/resolv.conf"] { try step.root.makeMountPoint(path, .file) }
    }

    private func makePoint(for index: Int, _ kind: MountPointKind) throws {
        let destination = step.mounts[index].normalizedDestination
        if let owner = owner(of: destination, before: index) {
            let outer = step.mounts[owner]
            guard case .directory = outer.source, let source = sources[owner] else { return }
            let inner = String(destination.dropFirst(outer.normalizedDestination.count))
            let points = try MountPoints(in: source)
            inMounts.append(points)
            try points.make(inner, kind)
        } else if step.root.isWritable, !Self.isBelowDevices(destination) {
            try step.root.makeMountPoint(destination, kind)
        }
    }

    /// The mount that `path` lies in, if it is not the root; the deepest, of mounts with the same place the last.
    private func owner(of path: String, before limit: Int? = nil) -> Int? {
        let candidates = step.mounts.indices.prefix(limit ?? step.mounts.count)
        return candidates.filter { path.hasPrefix(step.mounts[$0].normalizedDestination + "/") }.max { left, right in
            let lengths = [left, right].map { step.mounts[$0].normalizedDestination.utf8.count }
            return lengths[0] == lengths[1] ? left < right : lengths[0] < lengths[1]
        }
    }

    /// Whether the runtime itself mounts something there first.
    private static func isBelowDevices(_ path: String) -> Bool {
        ["/dev/", "/proc/", "/sys/"].contains { path.hasPrefix($0) }
    }

    private func resolve(_ mount: ContainerMount) throws -> (FilePath?, MountPointKind) {
        switch mount.source {
        case .temporary: return (nil, .directory)
        case .file(let path): return (path, .file)
        case .directory(let path, let subpath):
            if subpath.split(separator: "/").allSatisfy({ $0 == "." }) { return (path, .directory) }
            do {
                let found = try RootFolder(path).open(Array(subpath.utf8), flags: O_PATH)
                defer { try? found.close() }
                return try stage(found)
            } catch let error as SystemCallError where error.code == ENOENT || error.code == ENOTDIR {
                throw MountError.unusable(
                    path: subpath,
                    reason: "a mount at '\(mount.destination)' needs it: \(errnoText(error.code))"
                )
            }
        }
    }

    /// Mounts an open file or directory in the staging folder.
    private func stage(_ found: FileDescriptor) throws -> (FilePath, MountPointKind) {
        var status = stat()
        guard unsafe fstat(found.rawValue, &status) == 0 else { throw SystemCallError("fstat", "a mount's source") }
        let kind: MountPointKind = status.st_mode & Glibc.S_IFMT == Glibc.S_IFDIR ? .directory : .file
        let path = staging.appending("\(staged.count)")
        try staging.makeFolder()
        if kind == .directory { try path.makeFolder() } else { try SmallFile.write([], to: path, mode: 0o600) }
        let tree = reel_clone_tree(found.rawValue)
        guard tree >= 0 else { throw SystemCallError("open_tree", "a mount's source") }
        defer { close(tree) }
        guard unsafe reel_attach_mount(tree, path.string) == 0 else { throw SystemCallError("move_mount", path.string) }
        staged.append(path)
        return (path, kind)
    }
}
