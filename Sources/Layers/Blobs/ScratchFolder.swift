// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
public import SystemPackage

/// A folder of this process for files that are being made, removed when it is no longer used.
///
/// It holds a file `lock` that is flock-ed as long as the folder is in use. When the process dies the kernel lets go
/// of the lock, and the next one that opens the data root removes the folder.
public final class ScratchFolder: Sendable {
    /// Where it is.
    public let path: FilePath
    private let lock: FileLock
    private let counter = Mutex<UInt64>(0)

    /// Removes the folders of dead processes below `parent`, then makes one more.
    public init(in parent: FilePath) throws {
        try PositionedIO.makeDirectories(parent)
        let gate = try FileLock(waitingFor: parent.appending(".lock"))
        Self.sweep(parent)
        var template = Array(parent.appending("reel-XXXXXX").string.utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", parent.string) }
        let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
        path = FilePath(String(decoding: bytes, as: UTF8.self))
        lock = try FileLock(waitingFor: path.appending("lock"))
        Self.living.withLock { $0 += 1 }
        withExtendedLifetime(gate) {}
    }

    deinit {
        Self.removeTree(path)
        Self.living.withLock { $0 -= 1 }
    }

    private static let living = Mutex(0)

    /// How many folders this process has not removed yet.
    public static var livingCount: Int { living.withLock { $0 } }

    /// A path in the folder that nothing has yet.
    public func newPath() -> FilePath {
        let number = counter.withLock {
            $0 += 1
            return $0
        }
        return path.appending(String(number))
    }

    /// Removes each folder whose lock nobody holds.
    ///
    /// Called while the gate is held, so none is half made.
    private static func sweep(_ parent: FilePath) {
        for name in (try? PositionedIO.names(in: parent)) ?? [] where name.hasPrefix("reel-") {
            let folder = parent.appending(name)
            if let free = try? FileLock(tryingAt: folder.appending("lock")) {
                removeTree(folder)
                withExtendedLifetime(free) {}
            }
        }
    }

    /// Removes a folder and what is in it, without following links or entering other file systems' mounts.
    private static func removeTree(_ folder: FilePath) {
        if unsafe rmdir(folder.string) == 0 { return }
        for name in (try? PositionedIO.names(in: folder)) ?? [] {
            let child = folder.appending(name)
            if unsafe unlink(child.string) != 0 && currentErrno() == EISDIR { removeTree(child) }
        }
        _ = unsafe rmdir(folder.string)
    }
}
