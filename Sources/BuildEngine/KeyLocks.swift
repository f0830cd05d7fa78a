// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
import SystemPackage

/// Locks named by a key, held across processes; the kernel releases them when a holder dies.
struct KeyLocks: Sendable {
    /// The folder of the lock files.
    let folder: FilePath

    /// Makes the folder where there is none.
    init(root: FilePath) throws {
        folder = root.appending("locks")
        guard unsafe mkdir(folder.string, 0o700) == 0 || errno == EEXIST else {
            throw SystemCallError("mkdir", folder.string)
        }
    }

    /// Waits for the lock `name` and takes it.
    ///
    /// Waits in steps of at most 20 ms, so that a cancelled task stops waiting.
    ///
    /// - Throws: `CancellationError`, or `SystemCallError` when the lock file can't be opened.
    func take(_ name: String) async throws -> KeyLock {
        let path = folder.appending(name).string
        var pause = 1
        while true {
            if let lock = try KeyLock(trying: path) { return lock }
            try await Task.sleep(for: .milliseconds(pause))
            pause = min(20, pause * 2)
        }
    }
}

/// A lock that is held until `release()` or until nothing refers to it.
///
/// The lock's file is removed with it; whoever opened the removed file sees that, and opens the new one.
final class KeyLock: Sendable {
    private let path: String
    private let descriptor: Mutex<Int32?>

    /// Takes the lock if nobody holds it.
    init?(trying path: String) throws {
        self.path = path
        while true {
            let opened = unsafe reel_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard opened >= 0 else { throw SystemCallError("open", path) }
            if flock(opened, LOCK_EX | LOCK_NB) == 0 {
                if Self.isCurrent(opened, path) {
                    descriptor = Mutex(opened)
                    return
                }
                close(opened)
                continue
            }
            let code = currentErrno()
            close(opened)
            guard code == EWOULDBLOCK else { throw SystemCallError("flock", path, code: code) }
            return nil
        }
    }

    deinit { release() }

    /// Gives the lock back; once.
    func release() {
        let held = descriptor.withLock { held in
            defer { held = nil }
            return held
        }
        guard let held else { return }
        unsafe unlink(path)
        close(held)
    }

    private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        guard unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &named) == 0 else { return false }
        return held.st_ino == named.st_ino
    }
}
