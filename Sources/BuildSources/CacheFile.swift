// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Small files of a cache: whole or not there.
enum CacheFile {
    /// The bytes of a file, of which there may be 64 MiB; `nil` where there is none.
    static func read(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8]? {
        let opened = unsafe reel_openat(AT_FDCWD, path.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)
        guard opened >= 0 else {
            let code = currentErrno()
            if code == ENOENT || code == ENOTDIR { return nil }
            throw SystemCallError("open", path.string, code: code)
        }
        let file = FileDescriptor(rawValue: opened)
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else { throw SystemCallError("read", path.string, code: EFBIG) }
        }
    }

    /// Writes a file beside and renames it: a reader sees the old one or the new one.
    static func write(_ bytes: [UInt8], to path: FilePath) throws {
        let (file, temporary) = try makeTemporary(beside: path)
        do {
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch {
            _ = unsafe unlink(temporary.string)
            throw SystemCallError("write", path.string, code: (error as? Errno)?.rawValue ?? EIO)
        }
        try rename(temporary, to: path)
    }

    /// Opens a new file beside `path`, which `rename(_:to:)` puts into its place.
    static func makeTemporary(beside path: FilePath) throws -> (FileDescriptor, FilePath) {
        var template = Array((path.string + ".new-XXXXXX").utf8CString)
        let opened = unsafe mkstemp(&template)
        guard opened >= 0 else { throw SystemCallError("mkstemp", path.string) }
        _ = fcntl(opened, F_SETFD, FD_CLOEXEC)
        let name = template.dropLast().map { UInt8(bitPattern: $0) }
        return (FileDescriptor(rawValue: opened), FilePath(String(decoding: name, as: UTF8.self)))
    }

    /// Renames, replacing what is there.
    static func rename(_ path: FilePath, to target: FilePath) throws {
        guard unsafe Glibc.rename(path.string, target.string) == 0 else {
            throw SystemCallError("rename", target.string)
        }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: FilePath) throws {
        if unsafe mkdir(path.string, 0o700) == 0 || currentErrno() == EEXIST { return }
        guard currentErrno() == ENOENT, path.components.count > 1 else { throw SystemCallError("mkdir", path.string) }
        try makeFolder(path.removingLastComponent())
        guard unsafe mkdir(path.string, 0o700) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", path.string)
        }
    }

    /// The names in a folder, in byte order; none where there is no folder.
    static func names(in path: FilePath) -> [String] {
        guard let folder = unsafe opendir(path.string) else { return [] }
        defer { _ = unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

extension CacheFile {
    /// The length of a file; `nil` where there is none.
    static func size(_ path: FilePath) throws -> Int64? {
        var info = stat()
        guard unsafe lstat(path.string, &info) == 0 else {
            if currentErrno() == ENOENT { return nil }
            throw SystemCallError("lstat", path.string)
        }
        return Int64(info.st_size)
    }

    /// Removes a file, if it is there.
    static func remove(_ path: FilePath) { _ = unsafe unlink(path.string) }
}

extension CacheFile {
    /// Whether a folder is there; links are not followed.
    static func isFolder(_ path: FilePath) throws -> Bool {
        var info = stat()
        guard unsafe lstat(path.string, &info) == 0 else { throw SystemCallError("lstat", path.string) }
        return info.st_mode & S_IFMT == S_IFDIR
    }
}
