// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Files that a command line names.
enum InputFile {
    /// Reads a whole file.
    ///
    /// - Throws: `SystemCallError`, `UsageError` for more than `limit` bytes.
    static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let descriptor = unsafe reel_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            let code = currentErrno()
            if code == ENOENT { throw UsageError("\(path): there is no such file") }
            throw SystemCallError("open", path, code: code)
        }
        let file = FileDescriptor(rawValue: descriptor)
        return try file.closeAfter { try read(file, name: path, limit: limit) }
    }

    /// Reads an open file to its end.
    static func read(_ file: FileDescriptor, name: String, limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count: Int
            do {
                count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            } catch let code as Errno {
                throw SystemCallError("read", name, code: code.rawValue)
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw UsageError("\(name): it is larger than \(limit) bytes") }
        }
    }

    /// Writes a small file whole: a new one beside it takes its place.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let beside = path + ".reel-\(getpid())"
        let descriptor = unsafe reel_openat(AT_FDCWD, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SystemCallError("open", path) }
        let file = FileDescriptor(rawValue: descriptor)
        do {
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch let code as Errno {
            unsafe unlink(beside)
            throw SystemCallError("write", path, code: code.rawValue)
        }
        guard unsafe rename(beside, path) == 0 else {
            let code = currentErrno()
            unsafe unlink(beside)
            throw SystemCallError("rename", path, code: code)
        }
    }
}
