// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// Removal of a folder with all that is in it, never following a link and never crossing into another mount.
enum RemoveTree {
    /// Removes `path`; what can't be removed stays.
    static func remove(_ path: FilePath) {
        var status = stat()
        guard unsafe lstat(path.string, &status) == 0 else { return }
        remove(path, isDirectory: status.st_mode & S_IFMT == S_IFDIR, device: status.st_dev)
    }

    private static func remove(_ path: FilePath, isDirectory: Bool, device: dev_t) {
        guard isDirectory else {
            unsafe unlink(path.string)
            return
        }
        for name in names(in: path) {
            let child = path.appending(name)
            var status = stat()
            guard unsafe lstat(child.string, &status) == 0, status.st_dev == device else { continue }
            remove(child, isDirectory: status.st_mode & S_IFMT == S_IFDIR, device: device)
        }
        unsafe rmdir(path.string)
    }

    /// The names in a folder, sorted; none when it can't be read.
    static func names(in folder: FilePath) -> [String] {
        guard let stream = unsafe opendir(folder.string) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Makes a folder for this user alone, unless it is there; whether it is there now.
func mkdirIfMissing(_ path: FilePath) -> Bool {
    unsafe mkdir(path.string, 0o700) == 0 || errno == EEXIST
}
