// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
public import SystemPackage

/// What a mount point is made as, where it does not exist.
public enum MountPointKind: Sendable {
    /// An empty file.
    case file
    /// An empty directory.
    case directory
}

/// Makes the mount points that a step needs inside a directory, and removes them without a trace.
public final class MountPoints: Sendable {
    /// Something that was made.
    private struct Made {
        /// The directory that it was made in, without symbolic links.
        let parent: [[UInt8]]
        let name: [UInt8]
        let kind: MountPointKind
        /// Whether it was made on the way to another.
        let isOnTheWay: Bool
        /// The times of the directory before and after.
        let before: (accessed: timespec, modified: timespec)
        let after: timespec
    }

    private let root: RootFolder
    private let made = Mutex<[Made]>([])

    /// For the directory at `path`, which paths are resolved in.
    public init(in path: FilePath) throws { root = try RootFolder(path) }

    /// Sees to it that `path` exists, following symbolic links inside the root, and remembers what had to be made.
    ///
    /// - Throws: `MountError.mountPoint`.
    public func make(_ path: String, _ kind: MountPointKind) throws {
        try made.withLock { made in
            try walk(path) { folder, parent, name, isLast in
                let before = try Self.times(folder)
                try Self.create(name, in: folder, isLast ? kind : .directory, path: path)
                let after = try Self.times(folder).modified
                made.append(
                    Made(
                        parent: parent,
                        name: name,
                        kind: isLast ? kind : .directory,
                        isOnTheWay: !isLast,
                        before: before,
                        after: after
                    )
                )
            }
        }
    }

    /// Makes the directory at `path` with its parents for good, each of them owned by a user, mode 0755.
    public func makeFolder(_ path: String, uid: UInt32, gid: UInt32) throws {
        try walk(path) { folder, _, name, _ in
            try Self.create(name, in: folder, .directory, path: path)
            let code = unsafe PathBytes.withC(name) {
                unsafe fchownat(folder.rawValue, $0, uid, gid, AT_SYMLINK_NOFOLLOW)
            }
            // With one id only, everything belongs to it.
            guard code == 0 || currentErrno() == EINVAL else { throw Self.failure(path, "fchownat") }
        }
    }

    /// Removes what `make` made and is still empty, last first, and gives the directories their times back, unless
    /// something else changed them.
    ///
    /// - Parameter recursively: Whether also directories made on the way to a mount point go.
    public func remove(recursively: Bool) throws {
        let all = made.withLock { made in
            defer { made = [] }
            return made
        }
        for one in all.reversed() where recursively || !one.isOnTheWay { try remove(one) }
    }

    private func remove(_ one: Made) throws {
        // The step may have put anything in the place of the directories: nothing but directories is walked.
        guard let folder = try? open(one.parent) else { return }
        defer { try? folder.close() }
        guard let status = try? FileStatus(of: one.name, in: folder) else { return }
        guard one.kind == .directory ? status.kind == .directory : status.kind == .regular && status.size == 0 else {
            return
        }
        let now = try Self.times(folder).modified
        let isUntouched = now.tv_sec == one.after.tv_sec && now.tv_nsec == one.after.tv_nsec
        let code = unsafe PathBytes.withC(one.name) {
            unsafe unlinkat(folder.rawValue, $0, one.kind == .directory ? AT_REMOVEDIR : 0)
        }
        guard code == 0 else {
            if [ENOTEMPTY, EEXIST, ENOENT].contains(currentErrno()) { return }
            throw SystemCallError("unlinkat", PathBytes.text(one.name))
        }
        let times = [one.before.accessed, isUntouched ? one.before.modified : now]
        _ = unsafe PathBytes.withC(Array("/proc/self/fd/\(folder.rawValue)".utf8)) { path in
            unsafe times.withUnsafeBufferPointer { unsafe utimensat(AT_FDCWD, path, $0.baseAddress, 0) }
        }
    }

    private func open(_ components: [[UInt8]]) throws -> FileDescriptor {
        var current = try RootFolder.entry([], of: root.descriptor, flags: O_PATH | O_DIRECTORY)
        for name in components {
            let above = current
            defer { try? above.close() }
            current = try RootFolder.entry(name, of: above, flags: O_PATH | O_DIRECTORY)
        }
        return current
    }
}

extension MountPoints {
    /// Walks to `path` component by component, on open directories; `missing` makes what is not there.
    private func walk(
        _ path: String,
        _ missing: (_ folder: FileDescriptor, _ parent: [[UInt8]], _ name: [UInt8], _ isLast: Bool) throws -> Void
    ) throws {
        var stack: [FileDescriptor] = []
        var names: [[UInt8]] = []
        defer { for folder in stack { try? folder.close() } }
        stack.append(try RootFolder.entry([], of: root.descriptor, flags: O_PATH | O_DIRECTORY))
        var ahead = PathBytes.components(path.utf8)[...]
        var links = 0
        while let name = ahead.popFirst(), let folder = stack.last {
            if name == Array("..".utf8) {
                if stack.count > 1 {
                    try? stack.removeLast().close()
                    names.removeLast()
                }
                continue
            }
            if try !Self.exists(name, in: folder) { try missing(folder, names, name, ahead.isEmpty) }
            let opened = try RootFolder.entry(name, of: folder, flags: O_PATH)
            stack.append(opened)
            names.append(name)
            let status = try FileStatus(of: opened)
            if status.kind == .symbolicLink {
                links += 1
                guard links <= 255 else { throw MountError.mountPoint(path: path, reason: "too many symbolic links") }
                let target = try LinkTarget.read([], in: opened)
                try? stack.removeLast().close()
                names.removeLast()
                if target.first == PathBytes.slash {
                    for folder in stack.dropFirst() { try? folder.close() }
                    stack.removeLast(stack.count - 1)
                    names = []
                }
                ahead = (PathBytes.components(target) + ahead)[...]
            } else if status.kind != .directory && !ahead.isEmpty {
                throw MountError.mountPoint(path: path, reason: "'\(PathBytes.text(name))' on the way is no directory")
            }
        }
    }

    private static func exists(_ name: [UInt8], in folder: FileDescriptor) throws -> Bool {
        do {
            _ = try FileStatus(of: name, in: folder)
            return true
        } catch let error as SystemCallError where error.code == ENOENT {
            return false
        }
    }

    private static func create(
        _ name: [UInt8],
        in folder: FileDescriptor,
        _ kind: MountPointKind,
        path: String
    ) throws {
        let code = unsafe PathBytes.withC(name) { name in
            switch kind {
            case .directory: unsafe mkdirat(folder.rawValue, name, 0o755)
            case .file: unsafe mknodat(folder.rawValue, name, S_IFREG | 0o644, 0)
            }
        }
        guard code == 0 else { throw failure(path, kind == .directory ? "mkdirat" : "mknodat") }
        // The process may have another umask.
        _ = unsafe PathBytes.withC(name) {
            unsafe fchmodat(folder.rawValue, $0, kind == .directory ? 0o755 : 0o644, 0)
        }
    }

    private static func failure(_ path: String, _ call: String) -> MountError {
        .mountPoint(path: path, reason: "\(call): \(errnoText(currentErrno()))")
    }

    private static func times(_ folder: FileDescriptor) throws -> (accessed: timespec, modified: timespec) {
        var status = stat()
        guard unsafe fstat(folder.rawValue, &status) == 0 else { throw SystemCallError("fstat", "a directory") }
        return (status.st_atim, status.st_mtim)
    }
}
