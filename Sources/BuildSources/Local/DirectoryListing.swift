// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage

/// An open directory: its names, and what is behind them.
///
/// Owns one `DIR`.
@safe struct DirectoryListing: ~Copyable {
    /// A name with the kind of file that the directory itself tells (`DT_…`).
    struct Name {
        let bytes: [UInt8]
        let type: UInt8
    }

    private let stream: OpaquePointer
    private let file: ContextFile

    /// Starts to list `file`, a directory.
    init(_ file: ContextFile) throws(SystemErrno) {
        let copy = dup(file.descriptor)
        guard copy >= 0 else { throw SystemErrno() }
        guard let stream = unsafe fdopendir(copy) else {
            let failure = SystemErrno()
            close(copy)
            throw failure
        }
        unsafe self.stream = stream
        self.file = file
    }

    deinit { unsafe closedir(stream) }

    /// All names but `.` and `..`, in the order of the directory.
    borrowing func names() throws(SystemErrno) -> [Name] {
        var found: [Name] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                let code = errno
                guard code == 0 else { throw SystemErrno(code: code) }
                return found
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    unsafe Array(UnsafeBufferPointer(start: start, count: strlen(pointer)))
                }
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            found.append(Name(bytes: name, type: unsafe entry.pointee.d_type))
        }
    }

    /// The status of `name`, itself if it is a symbolic link.
    borrowing func status(of name: [UInt8]) throws(SystemErrno) -> FileStatus {
        var raw = stat()
        let text = name.map(CChar.init(bitPattern:)) + [0]
        guard unsafe fstatat(file.descriptor, text, &raw, AT_SYMLINK_NOFOLLOW) == 0 else { throw SystemErrno() }
        return FileStatus(raw)
    }

    /// The target of the symbolic link `name`.
    borrowing func target(of name: [UInt8]) throws(SystemErrno) -> [UInt8] {
        let text = name.map(CChar.init(bitPattern:)) + [0]
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlinkat(file.descriptor, text, &buffer, buffer.count)
        guard count >= 0 else { throw SystemErrno() }
        return buffer.prefix(count).map(UInt8.init(bitPattern:))
    }
}
