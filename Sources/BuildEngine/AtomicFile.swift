// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Files that are whole or not there.
enum AtomicFile {
    /// Writes `bytes` beside and renames: readers see the old file or the new one.
    ///
    /// - Parameter folder: A folder on the same file system, for the file while it is written.
    /// - Throws: `SystemCallError`; the old file stays then.
    static func write(_ bytes: [UInt8], to path: FilePath, through folder: FilePath) throws {
        let temporary = folder.appending("new-\(ContentDigest(of: path.string).hex)")
        let opened = unsafe reel_openat(AT_FDCWD, temporary.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw SystemCallError("open", temporary.string) }
        let file = FileDescriptor(rawValue: opened)
        do {
            try file.writeAll(bytes)
            try file.close()
        } catch {
            throw SystemCallError("write", path.string, code: (error as? Errno)?.rawValue ?? EIO)
        }
        guard unsafe rename(temporary.string, path.string) == 0 else { throw SystemCallError("rename", path.string) }
    }
}
