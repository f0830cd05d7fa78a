// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc

/// What a path leads to.
enum FileKind {
    /// Whether a path leads to a directory, through symbolic links too.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether something is there.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0
    }

    /// Makes a directory with all its parents, where they are missing.
    static func makeFolders(_ path: String) throws {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            guard unsafe mkdir(made, 0o755) == 0 || isDirectory(made) else { throw SystemCallError("mkdir", made) }
        }
    }
}
