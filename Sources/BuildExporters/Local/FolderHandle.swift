// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage

/// An open directory, in which names are bytes and no call ever follows a symbolic link.
///
/// Closed when it goes away.
final class FolderHandle: Sendable {
    let descriptor: FileDescriptor
    /// What errors call it.
    let name: String

    init(owning descriptor: FileDescriptor, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Opens the directory at `path`; a symbolic link at its end is followed, since the person chose it.
    convenience init(_ path: FilePath) throws(SystemCallError) {
        self.init(owning: try Files.open(path, O_RDONLY | O_DIRECTORY), name: path.string)
    }

    deinit { try? descriptor.close() }

    private var raw: Int32 { descriptor.rawValue }

    private func failure(_ call: String, _ path: [UInt8]) -> SystemCallError {
        let code = currentErrno()
        return SystemCallError(call, "\(name)/\(String(decoding: path, as: UTF8.self))", code: code)
    }

    /// Calls `body` with `bytes` as a C string.
    private func with<Value>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
        unsafe (bytes + [0]).withUnsafeBytes { buffer in
            // An array of at least one byte has an address.
            unsafe body(buffer.assumingMemoryBound(to: CChar.self).baseAddress.unsafelyUnwrapped)
        }
    }

    /// Opens the directory at the relative `path` below this one; no component may be a symbolic link.
    func folder(at path: [UInt8]) throws(SystemCallError) -> FolderHandle {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let rules = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
        let target = path.isEmpty ? [UInt8(ascii: ".")] : path
        let opened = unsafe with(target) { unsafe reel_openat2(raw, $0, flags, 0, rules) }
        guard opened >= 0 else { throw failure("openat2", path) }
        return FolderHandle(owning: FileDescriptor(rawValue: opened), name: name)
    }

    /// What is called `child` here; `nil` where nothing is.
    func status(of child: [UInt8]) -> stat? {
        var status = stat()
        return unsafe with(child) { unsafe fstatat(raw, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0 ? status : nil
    }

    /// Makes the directory `path` with mode 0700; `path` may have several components, none of them a symbolic link.
    func makeFolder(_ path: [UInt8]) throws(SystemCallError) {
        guard unsafe with(path, { unsafe mkdirat(raw, $0, 0o700) }) == 0 else { throw failure("mkdir", path) }
    }

    /// Makes the new file `child` with mode 0600.
    func makeFile(_ child: [UInt8]) throws(SystemCallError) -> FileDescriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let opened = unsafe with(child) { unsafe reel_openat(raw, $0, flags, 0o600) }
        guard opened >= 0 else { throw failure("open", child) }
        return FileDescriptor(rawValue: opened)
    }

    /// Makes the symbolic link `child`.
    func makeLink(_ child: [UInt8], target: [UInt8]) throws(SystemCallError) {
        let made = unsafe with(child) { name in unsafe with(target) { unsafe symlinkat($0, raw, name) } }
        guard made == 0 else { throw failure("symlink", child) }
    }

    /// Makes the device or named pipe `child`.
    ///
    /// - Throws: `ExportError.destination` for a device that only root can make.
    func makeNode(_ child: [UInt8], kind: FileKind, mode: UInt16, device: DeviceNumber) throws {
        let type: mode_t = kind == .fifo ? S_IFIFO : kind == .blockDevice ? S_IFBLK : S_IFCHR
        let number = gnu_dev_makedev(device.major, device.minor)
        if unsafe with(child, { unsafe mknodat(raw, $0, type | mode_t(mode), number) }) == 0 { return }
        let error = failure("mknod", child)
        guard error.code == EPERM, kind != .fifo else { throw error }
        throw ExportError.destination(error.subject, reason: "only root can make devices; export with type=tar instead")
    }

    /// Gives the file `source` of `folder` the further name `child` here.
    func makeName(_ child: [UInt8], for source: [UInt8], in folder: FolderHandle) throws(SystemCallError) {
        let made = unsafe with(child) { name in
            unsafe with(source) { unsafe linkat(folder.raw, $0, raw, name, 0) }
        }
        guard made == 0 else { throw failure("link", child) }
    }

    /// Moves `child` from here to `folder`, under the same name.
    ///
    /// - Returns: `false` where `replacing` is not wished and the name is taken.
    func move(_ child: [UInt8], to folder: FolderHandle, replacing: Bool) throws(SystemCallError) -> Bool {
        let flags = replacing ? 0 : UInt32(RENAME_NOREPLACE)
        let done = unsafe with(child) { unsafe renameat2(raw, $0, folder.raw, $0, flags) }
        if done == 0 { return true }
        if !replacing, currentErrno() == EEXIST { return false }
        throw folder.failure("rename", child)
    }

    /// Removes `child` with everything below it, following nothing.
    func removeAll(_ child: [UInt8]) throws {
        if unsafe with(child, { unsafe unlinkat(raw, $0, 0) }) == 0 { return }
        let code = currentErrno()
        if code == ENOENT { return }
        guard code == EISDIR || code == EPERM else { throw failure("unlink", child) }
        let inner = try folder(at: child)
        _ = fchmod(inner.raw, 0o700)  // so that what is in it can go; the mode goes with the directory
        for name in try inner.children() { try inner.removeAll(name) }
        guard unsafe with(child, { unsafe unlinkat(raw, $0, AT_REMOVEDIR) }) == 0 else { throw failure("rmdir", child) }
    }

    /// Makes this directory belong to the group that runs reel, so that what is made in it does, too.
    func takeOver() throws(SystemCallError) {
        guard fchown(raw, geteuid(), getegid()) == 0, fchmod(raw, 0o700) == 0 else { throw failure("fchown", []) }
    }

    /// The names in this directory, in byte order.
    func children() throws -> [[UInt8]] {
        let copy = unsafe reel_openat(raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard copy >= 0 else { throw failure("open", []) }
        return try DirectoryReader(owning: copy, subject: name).names
    }

    /// Sets the times of `child`, a symbolic link itself rather than its target.
    func setTime(of child: [UInt8], to modified: Timestamp) throws(SystemCallError) {
        let times = modified.timespecs
        let done = unsafe with(child) { name in
            unsafe times.withUnsafeBufferPointer { unsafe utimensat(raw, name, $0.baseAddress, AT_SYMLINK_NOFOLLOW) }
        }
        guard done == 0 else { throw failure("utimensat", child) }
    }

    /// Sets the permission bits of `child`, which is no symbolic link.
    func setMode(of child: [UInt8], to mode: UInt16) throws(SystemCallError) {
        guard unsafe with(child, { unsafe fchmodat(raw, $0, mode_t(mode), 0) }) == 0 else {
            throw failure("fchmodat", child)
        }
    }
}

extension Timestamp {
    /// Access time left alone, modification time this.
    var timespecs: [timespec] {
        let whole = seconds
        let fraction = nanoseconds - whole * 1_000_000_000
        let unchanged = timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2)  // UTIME_OMIT
        return [unchanged, timespec(tv_sec: Int(whole), tv_nsec: Int(fraction))]
    }
}
