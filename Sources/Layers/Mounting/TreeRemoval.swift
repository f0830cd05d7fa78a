// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

/// Removes file trees of any shape and depth, without following symbolic links.
public enum TreeRemoval {
    /// Removes `path` and everything below it; what is not there is fine.
    ///
    /// A file system that is mounted below is not entered, and its mount point stays.
    ///
    /// - Throws: `SystemCallError` for the first thing that can't be removed; the rest may be gone.
    public static func remove(_ path: FilePath) throws {
        guard unsafe Glibc.unlink(path.string) != 0 else { return }
        switch currentErrno() {
        case ENOENT: return
        case EISDIR: break
        case let code: throw SystemCallError("unlink", path.string, code: code)
        }
        let raw = unsafe reel_openat(AT_FDCWD, path.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        let folder = FileDescriptor(rawValue: raw)
        defer { try? folder.close() }
        try empty(folder, device: try device(folder))
        guard unsafe rmdir(path.string) == 0 || currentErrno() == ENOENT else {
            throw SystemCallError("rmdir", path.string)
        }
    }

    private static func device(_ folder: FileDescriptor) throws -> UInt64 {
        var status = stat()
        guard unsafe fstat(folder.rawValue, &status) == 0 else { throw SystemCallError("fstat", "a directory") }
        return UInt64(status.st_dev)
    }

    /// Empties a directory.
    ///
    /// Deep trees are flattened: a directory that lies below `depthLimit` moves up to be emptied.
    private static func empty(_ top: FileDescriptor, device: UInt64) throws {
        var moved = 0
        while try !level(top, top: top, depth: 0, device: device, moved: &moved) {}
    }

    private static let depthLimit = 200

    /// - Returns: Whether everything is gone; `false` after a move, when the top must be looked at again.
    private static func level(
        _ folder: FileDescriptor,
        top: FileDescriptor,
        depth: Int,
        device: UInt64,
        moved: inout Int
    ) throws -> Bool {
        var isDone = true
        for name in try DirectoryNames.read(folder) {
            if unlink(name, folder, 0) == 0 || currentErrno() == ENOENT { continue }
            guard currentErrno() == EISDIR else { throw SystemCallError("unlinkat", PathBytes.text(name)) }
            if unlink(name, folder, AT_REMOVEDIR) == 0 { continue }
            if depth == depthLimit {
                moved += 1
                let target = Array(".reel-moved-\(moved)".utf8)
                let code = unsafe PathBytes.withC(name) { old in
                    unsafe PathBytes.withC(target) { unsafe renameat(folder.rawValue, old, top.rawValue, $0) }
                }
                guard code == 0 else { throw SystemCallError("renameat", PathBytes.text(name)) }
                isDone = false
                continue
            }
            let flags = O_RDONLY | O_DIRECTORY
            let child = try RootFolder.entry(name, of: folder, flags: flags)
            defer { try? child.close() }
            guard try self.device(child) == device else { continue }
            if try !level(child, top: top, depth: depth + 1, device: device, moved: &moved) { isDone = false }
            guard unlink(name, folder, AT_REMOVEDIR) == 0 || currentErrno() == ENOENT else {
                throw SystemCallError("rmdir", PathBytes.text(name))
            }
        }
        return isDone
    }

    private static func unlink(_ name: [UInt8], _ folder: FileDescriptor, _ flags: Int32) -> Int32 {
        unsafe PathBytes.withC(name) { unsafe unlinkat(folder.rawValue, $0, flags) }
    }
}
