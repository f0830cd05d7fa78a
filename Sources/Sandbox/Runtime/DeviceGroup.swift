// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A control group in which processes may use the devices of every container and no others.
///
/// One for all steps of a process. The step server enters it once, and removes it when this process is gone.
///
/// Source: the kernel's Documentation/admin-guide/cgroup-v1/devices.rst, and cgroup-v2.rst, "Device controller".
final class DeviceGroup: Sendable {
    /// The group's directory.
    let folder: FilePath
    /// Whether the control groups are of the second generation.
    let isUnified: Bool
    private let lock: FileDescriptor

    private static let unifiedTop = FilePath("/sys/fs/cgroup")
    private static let legacyTop = FilePath("/sys/fs/cgroup/devices")

    /// The group of this process, with the step server in it; `nil` where that is not possible.
    static let shared = DeviceGroup()

    private init?() {
        isUnified = unsafe access(Self.unifiedTop.appending("cgroup.controllers").string, F_OK) == 0
        let top = isUnified ? Self.unifiedTop : Self.legacyTop
        Self.removeLeftovers(in: top)
        folder = top.appending("reel-\(getpid())")
        guard unsafe mkdir(folder.string, 0o755) == 0 || currentErrno() == EEXIST else { return nil }
        do {
            lock = try Self.open(folder)
            // Held as long as the group is needed: whoever could take it may remove the group.
            flock(lock.rawValue, LOCK_SH)
            if isUnified { try Self.confine(folder) } else { try writeRules() }
            let isEntered = unsafe reel_enter_group(reel_step_server(), folder.string) == 0
            guard isEntered else { throw SystemCallError("send", "the step server") }
        } catch {
            _ = unsafe rmdir(folder.string)
            return nil
        }
    }

    /// Puts the rules on a group of the second generation.
    static func confine(_ folder: FilePath) throws {
        let opened = try open(folder)
        defer { try? opened.close() }
        guard reel_confine_devices(opened.rawValue) == 0 else { throw SystemCallError("bpf", folder.string) }
    }

    private static func open(_ folder: FilePath) throws -> FileDescriptor {
        let opened = unsafe reel_openat(AT_FDCWD, folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard opened >= 0 else { throw SystemCallError("open", folder.string) }
        return FileDescriptor(rawValue: opened)
    }

    /// Making nodes is allowed, and using null, zero, full, random, urandom, tty, ptmx and terminals.
    private static let rules = [
        "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm",
        "c 136:* rwm",
    ]

    private func writeRules() throws {
        for (file, rule) in [("devices.deny", "a")] + Self.rules.map({ ("devices.allow", $0) }) {
            let opened = try FileDescriptor.open(folder.appending(file), .writeOnly, options: .closeOnExec)
            try opened.closeAfter { _ = try opened.writeAll(Array(rule.utf8)) }
        }
    }

    /// Removes the groups of processes that are dead.
    private static func removeLeftovers(in top: FilePath) {
        guard let names = try? DirectoryNames.list(top) else { return }
        for name in names where name.hasPrefix("reel-") {
            // Not by process ids, which mean something else in another namespace.
            guard let other = try? open(top.appending(name)) else { continue }
            defer { try? other.close() }
            if flock(other.rawValue, LOCK_EX | LOCK_NB) == 0 { _ = unsafe rmdir(top.appending(name).string) }
        }
    }
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
