// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

/// The temporary folder of this process below `<data root>/tmp`, held by a lock.
///
/// The kernel releases the lock when the process dies, however it dies; the next process that starts removes the folder.
public final class ProcessFolder: Sendable {
    /// The folder.
    public let path: FilePath
    private let lock: FileDescriptor

    /// Makes the folder, and removes those of dead processes.
    ///
    /// - Parameters:
    ///   - root: The data root.
    ///   - name: A name that no living process uses.
    /// - Throws: `SystemCallError` when the folder can't be made; nothing is left behind.
    public init(root: FilePath, name: String) throws {
        let all = root.appending("tmp")
        guard unsafe mkdir(all.string, 0o700) == 0 || errno == EEXIST else {
            throw SystemCallError("mkdir", all.string)
        }
        Self.sweep(all)
        path = all.appending(name)
        guard unsafe mkdir(path.string, 0o700) == 0 else { throw SystemCallError("mkdir", path.string) }
        let descriptor = unsafe open(path.appending("lock").string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open", path.string) }
        lock = FileDescriptor(rawValue: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemCallError("flock", path.string) }
    }

    deinit {
        RemoveTree.remove(path)
        try? lock.close()
    }

    /// Removes the folders whose lock nobody holds. A folder without a lock file yet is left alone for a minute.
    private static func sweep(_ all: FilePath) {
        for name in RemoveTree.names(in: all) {
            let folder = all.appending(name)
            let descriptor = unsafe open(folder.appending("lock").string, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else {
                var status = stat()
                if unsafe lstat(folder.string, &status) == 0, time(nil) - status.st_mtim.tv_sec > 60 {
                    RemoveTree.remove(folder)
                }
                continue
            }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { RemoveTree.remove(folder) }
            close(descriptor)
        }
    }
}
