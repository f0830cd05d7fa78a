// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// The names in a directory.
enum DirectoryNames {
    /// Reads the names in the open directory, in no order, except those that every directory has.
    ///
    /// The descriptor stays open.
    static func read(_ folder: FileDescriptor) throws -> [[UInt8]] {
        let copy = unsafe reel_openat(folder.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard copy >= 0 else { throw SystemCallError("open", "a directory") }
        guard let stream = unsafe fdopendir(copy) else {
            let code = currentErrno()
            close(copy)
            throw SystemCallError("fdopendir", "a directory", code: code)
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(stream) {
            guard let text = unsafe reel_entry_name(entry) else { continue }
            let name = unsafe Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
            if name != [UInt8(ascii: ".")] && name != Array("..".utf8) { names.append(name) }
        }
        return names
    }
}
