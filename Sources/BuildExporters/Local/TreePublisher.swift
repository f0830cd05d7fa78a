// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Moves finished files to their places, among what is there already.
///
/// A directory that exists on both sides keeps what else is in it, and takes the new mode and time; everything else that
/// is in the way is replaced, a symbolic link itself and never what it leads to.
enum TreePublisher {
    /// Moves everything from `source` to `target`; directories of `source` that are merged are left there empty.
    static func move(_ source: FolderHandle, to target: FolderHandle) throws {
        for name in try source.children() where try !source.move(name, to: target, replacing: false) {
            let new = source.status(of: name)
            let old = target.status(of: name)
            switch (new.isFolder, old.isFolder) {
            case (true, true):
                let inner = try target.folder(at: name)
                let finished = try source.folder(at: name)
                try move(finished, to: inner)
                try copyMetadata(new, to: inner)
            case (false, false): _ = try source.move(name, to: target, replacing: true)
            default:
                try target.removeAll(name)
                _ = try source.move(name, to: target, replacing: true)
            }
        }
    }

    private static func copyMetadata(_ status: stat?, to folder: FolderHandle) throws {
        guard let status else { return }
        let times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2), status.st_mtim]
        guard fchmod(folder.descriptor.rawValue, status.st_mode & 0o7777) == 0,
            unsafe futimens(folder.descriptor.rawValue, times) == 0
        else { throw SystemCallError("fchmod", folder.name) }
    }
}

extension stat? {
    /// Whether it is a directory's.
    fileprivate var isFolder: Bool { map { $0.st_mode & S_IFMT == S_IFDIR } ?? false }
}
