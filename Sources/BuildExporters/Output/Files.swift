// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Calls on paths, with errors that name them.
enum Files {
    /// What `stat` says about `path`; `nil` where nothing is.
    ///
    /// - Parameter following: Whether a symbolic link at the end of the path is followed.
    static func status(_ path: FilePath, following: Bool) -> stat? {
        var status = stat()
        let flags = following ? 0 : AT_SYMLINK_NOFOLLOW
        return unsafe fstatat(AT_FDCWD, path.string, &status, flags) == 0 ? status : nil
    }

    /// Opens `path`.
    static func open(_ path: FilePath, _ flags: Int32, mode: mode_t = 0) throws(SystemCallError) -> FileDescriptor {
        let raw = unsafe reel_openat(AT_FDCWD, path.string, flags | O_CLOEXEC, mode)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        return FileDescriptor(rawValue: raw)
    }

    /// Renames; what is at `target` is replaced.
    static func rename(_ source: FilePath, to target: FilePath) throws(SystemCallError) {
        guard unsafe Glibc.rename(source.string, target.string) == 0 else {
            throw SystemCallError("rename", target.string)
        }
    }

    /// Removes a file, if it is there and can be.
    static func remove(_ path: FilePath) { _ = unsafe unlink(path.string) }

    /// Removes a directory, if it is there and empty.
    static func removeEmptyFolder(_ path: FilePath) { _ = unsafe rmdir(path.string) }

    /// Makes a directory with mode 0755 less the umask; `false`, with `errno` set, where it could not.
    static func makeFolder(_ path: FilePath) -> Bool { unsafe mkdir(path.string, 0o755) == 0 }

    /// Makes `path` and what is missing above it.
    ///
    /// - Throws: `ExportError.destination`.
    static func makeFolders(_ path: FilePath) throws(ExportError) {
        if makeFolder(path) { return }
        var code = currentErrno()
        if code == ENOENT, !path.removingLastComponent().isEmpty {
            try makeFolders(path.removingLastComponent())
            if makeFolder(path) { return }
            code = currentErrno()
        }
        guard let status = status(path, following: true), status.st_mode & S_IFMT == S_IFDIR else {
            throw .destination(path.string, reason: code == EEXIST ? "it is no directory" : errnoText(code))
        }
    }

    /// What the symbolic link at `path` says.
    static func linkTarget(_ path: FilePath) throws(SystemCallError) -> FilePath {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = unsafe readlink(path.string, &buffer, buffer.count)
        guard length >= 0 else { throw SystemCallError("readlink", path.string) }
        return FilePath(String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// The length of an open file.
    static func size(of file: FileDescriptor) -> Int64? {
        var status = stat()
        return unsafe fstat(file.rawValue, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// The group of an open file.
    static func group(of file: FileDescriptor) -> gid_t? {
        var status = stat()
        return unsafe fstat(file.rawValue, &status) == 0 ? status.st_gid : nil
    }

    /// Writes all of `buffer`.
    static func writeAll(_ buffer: UnsafeRawBufferPointer, to file: FileDescriptor, name: String)
        throws(SystemCallError)
    {
        var done = 0
        while done < buffer.count {
            let written = unsafe write(file.rawValue, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            if written < 0 {
                if currentErrno() == EINTR { continue }
                throw SystemCallError("write", name)
            }
            done += written
        }
    }
}
