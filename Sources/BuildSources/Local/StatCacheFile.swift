// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// The stat cache of one root on its way from the old file to the new one.
///
/// The new file is made beside the old one before the walk starts: its time of birth is the file system's own word for
/// when the reading began. It is locked; a second reader of the same root, at the same time, reads but doesn't save.
struct StatCacheFile {
    let cache: StatCache
    /// When the reading began, in nanoseconds; `nil` when nothing can be saved.
    let start: Int64?
    private let path: FilePath
    private let draftPath: FilePath
    private let draft: ContextFile?

    /// Opens the cache of `root` in `directory`.
    init(directory: FilePath, root: FilePath, status: FileStatus) {
        let name = ContentDigest(of: root.string).hex
        path = directory.appending(name)
        draftPath = directory.appending(name + ".new")
        cache = StatCache(loading: path, root: root, status: status)
        unsafe directory.withPlatformString { _ = unsafe mkdir($0, 0o700) }
        draft = Self.lockedDraft(draftPath)
        start = draft?.status()?.stamp.modified
    }

    /// The draft, empty, with its time set to now; `nil` when another process has it or it can't be made.
    private static func lockedDraft(_ path: FilePath) -> ContextFile? {
        let descriptor = unsafe path.withPlatformString {
            unsafe reel_openat(AT_FDCWD, $0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        }
        guard descriptor >= 0 else { return nil }
        let draft = ContextFile(descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, 0) == 0,
            futimens(descriptor, nil) == 0
        else { return nil }
        // Another process may have renamed the file between the opening and the locking.
        var raw = stat()
        guard unsafe path.withPlatformString({ unsafe lstat($0, &raw) }) == 0, let own = draft.status(),
            UInt64(raw.st_ino) == own.stamp.inode
        else { return nil }
        return draft
    }

    /// Replaces the old cache; a failure costs only time, at the next reading.
    func save(_ contents: [UInt8]) {
        guard let draft else { return }
        guard (try? draft.fileDescriptor.writeAll(contents)) != nil else { return discard() }
        unsafe draftPath.withPlatformString { from in
            unsafe path.withPlatformString { to in _ = unsafe rename(from, to) }
        }
    }

    /// Leaves the old cache as it is.
    func discard() {
        guard draft != nil else { return }
        unsafe draftPath.withPlatformString { _ = unsafe unlink($0) }
    }
}
