// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

/// An exclusive lock on a file (`flock`), which the kernel releases when the holder dies.
///
/// Held until it is released or goes away. The file stays, empty, since removing it could let two holders in.
public final class FileLock: Sendable {
    private let descriptor: FileDescriptor

    /// Waits until the lock at `path` is free, and takes it; the file is made if need be.
    ///
    /// Blocks the thread: call it where that is allowed.
    public convenience init(waitingFor path: FilePath) throws {
        let opened = try Self.open(path)
        while flock(opened.rawValue, LOCK_EX) != 0 {
            let code = currentErrno()
            if code == EINTR { continue }
            try? opened.close()
            throw SystemCallError("flock", path.string, code: code)
        }
        self.init(holding: opened)
    }

    /// Takes the lock at `path` if nobody holds it.
    ///
    /// - Returns: `nil` when somebody does.
    public convenience init?(tryingAt path: FilePath) throws {
        let opened = try Self.open(path)
        guard flock(opened.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let code = currentErrno()
            try? opened.close()
            if code == EWOULDBLOCK { return nil }
            throw SystemCallError("flock", path.string, code: code)
        }
        self.init(holding: opened)
    }

    private init(holding descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit { try? descriptor.close() }

    private static func open(_ path: FilePath) throws -> FileDescriptor {
        let raw = unsafe reel_openat(AT_FDCWD, path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        return FileDescriptor(rawValue: raw)
    }
}
