// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A control group that this process made, and holds a lock on for as long as it is needed.
///
/// The kernel releases the lock when the process dies, however it dies: a group of reel's whose lock can be taken is a
/// leftover, which the next process that runs steps removes. Process ids would not tell, since they mean something else
/// in another namespace.
final class GroupFolder: Sendable {
    /// What the names of all groups begin with.
    static let prefix = "reel-"

    /// The group's directory.
    let path: FilePath
    private let lock: FileDescriptor

    /// Makes the group.
    ///
    /// - Throws: `SystemCallError`; nothing is left behind.
    init(_ path: FilePath) throws {
        self.path = path
        for _ in 0..<16 {
            guard unsafe mkdir(path.string, 0o755) == 0 || currentErrno() == EEXIST else {
                throw SystemCallError("mkdir", path.string)
            }
            guard let opened = try? Self.open(path) else { continue }
            // Another process may have taken it for a leftover before the lock was there.
            if flock(opened.rawValue, LOCK_SH) == 0, Self.isSame(opened, path) {
                lock = opened
                return
            }
            try? opened.close()
        }
        throw SystemCallError("flock", path.string)
    }

    deinit { try? lock.close() }

    /// Removes the group, whose processes are gone.
    func remove() { _ = unsafe reel_remove_group(path.string) }

    /// Lets the processes of a group of the second generation use the devices of every container, and no others.
    func confineDevices() throws {
        guard reel_confine_devices(lock.rawValue) == 0 else { throw SystemCallError("bpf", path.string) }
    }

    /// Writes `text` into the file `name` of the group.
    func write(_ text: String, to name: String) throws {
        let opened = try FileDescriptor.open(path.appending(name), .writeOnly, options: .closeOnExec)
        try opened.closeAfter { _ = try opened.writeAll(Array(text.utf8)) }
    }

    /// Removes the groups in `top` that dead processes left.
    static func removeLeftovers(in top: FilePath) {
        guard let names = try? DirectoryNames.list(top) else { return }
        for name in names where name.hasPrefix(prefix) {
            guard let other = try? open(top.appending(name)) else { continue }
            defer { try? other.close() }
            if flock(other.rawValue, LOCK_EX | LOCK_NB) == 0 { _ = unsafe rmdir(top.appending(name).string) }
        }
    }

    private static func open(_ path: FilePath) throws -> FileDescriptor {
        let opened = unsafe reel_openat(AT_FDCWD, path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard opened >= 0 else { throw SystemCallError("open", path.string) }
        return FileDescriptor(rawValue: opened)
    }

    private static func isSame(_ opened: FileDescriptor, _ path: FilePath) -> Bool {
        var (held, named) = (stat(), stat())
        return unsafe fstat(opened.rawValue, &held) == 0 && lstat(path.string, &named) == 0
            && held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }
}

/// Where the control groups of this machine are.
enum GroupHierarchies {
    /// The mount point of them all.
    static let top = FilePath("/sys/fs/cgroup")

    /// Whether they are of the second generation.
    static var areUnified: Bool { unsafe access(top.appending("cgroup.controllers").string, F_OK) == 0 }

    /// The directories in which reel makes groups: one, or in the first generation one for each controller.
    static var all: [FilePath] {
        if areUnified { return [top] }
        return (["devices"] + controllers).map { top.appending($0) }
    }

    /// The controllers that limits need in the first generation.
    static let controllers = ["cpu", "cpuset", "memory"]
}

/// The names in a directory of the kernel.
enum DirectoryNames {
    /// The names, in no order.
    static func list(_ path: FilePath) throws -> [String] {
        guard let stream = unsafe opendir(path.string) else { throw SystemCallError("opendir", path.string) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            if let name = unsafe reel_entry_name(entry) { names.append(unsafe String(cString: name)) }
        }
        return names
    }
}
