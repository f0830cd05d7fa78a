// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Whole reads and writes at given offsets of open files.
enum PositionedIO {
    /// Reads until `buffer` is full or the file ends; returns how many bytes were read.
    static func read(
        _ descriptor: FileDescriptor,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64,
        subject: @autoclosure () -> String
    ) throws -> Int {
        var done = 0
        while done < buffer.count {
            let start = unsafe buffer.baseAddress?.advanced(by: done)
            let count = unsafe pread(descriptor.rawValue, start, buffer.count - done, Int(offset) + done)
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if currentErrno() != EINTR {
                throw SystemCallError("read", subject())
            }
        }
        return done
    }

    /// One read, as much as the file gives at once; 0 at its end.
    static func readOnce(
        _ descriptor: FileDescriptor,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64,
        subject: [UInt8]
    ) throws -> Int {
        while true {
            let count = unsafe pread(descriptor.rawValue, buffer.baseAddress, buffer.count, Int(offset))
            if count >= 0 { return count }
            guard currentErrno() == EINTR else {
                throw SystemCallError("read", String(decoding: subject, as: UTF8.self))
            }
        }
    }

    /// Writes all of `buffer`.
    static func write(
        _ descriptor: FileDescriptor,
        from buffer: UnsafeRawBufferPointer,
        at offset: Int64,
        subject: @autoclosure () -> String
    ) throws {
        var done = 0
        while done < buffer.count {
            let start = unsafe buffer.baseAddress?.advanced(by: done)
            let count = unsafe pwrite(descriptor.rawValue, start, buffer.count - done, Int(offset) + done)
            if count >= 0 {
                done += count
            } else if currentErrno() != EINTR {
                throw SystemCallError("write", subject())
            }
        }
    }

    /// The next byte at or after `offset` that lies in no hole; `nil` when only a hole or the end follows.
    ///
    /// A file system that knows no holes answers `offset`.
    static func nextData(_ descriptor: FileDescriptor, from offset: Int64) -> Int64? {
        let found = lseek(descriptor.rawValue, Int(offset), SEEK_DATA)
        if found >= 0 { return Int64(found) }
        return currentErrno() == ENXIO ? nil : offset
    }

    /// The first byte after `offset` that lies in a hole, which may be the end of the file.
    static func nextHole(_ descriptor: FileDescriptor, from offset: Int64) -> Int64? {
        let found = lseek(descriptor.rawValue, Int(offset), SEEK_HOLE)
        return found >= 0 ? Int64(found) : nil
    }

    /// Opens a file, closed on exec.
    static func open(_ path: FilePath, _ flags: Int32, mode: UInt32 = 0o644) throws -> FileDescriptor {
        let raw = unsafe reel_openat(AT_FDCWD, path.string, flags | O_CLOEXEC, mode)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        return FileDescriptor(rawValue: raw)
    }

    /// The length of a file in bytes.
    static func length(of descriptor: FileDescriptor, subject: @autoclosure () -> String) throws -> Int64 {
        var info = stat()
        guard unsafe fstat(descriptor.rawValue, &info) == 0 else { throw SystemCallError("fstat", subject()) }
        return Int64(info.st_size)
    }

    /// Makes a directory and what is missing above it.
    static func makeDirectories(_ path: FilePath) throws {
        if unsafe mkdir(path.string, 0o755) == 0 || currentErrno() == EEXIST { return }
        guard currentErrno() == ENOENT, path.removingLastComponent() != path else {
            throw SystemCallError("mkdir", path.string)
        }
        try makeDirectories(path.removingLastComponent())
        guard unsafe mkdir(path.string, 0o755) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", path.string)
        }
    }

    /// The names in a directory except `.` and `..`, in no order.
    static func names(in path: FilePath) throws -> [String] {
        guard let stream = unsafe opendir(path.string) else { throw SystemCallError("opendir", path.string) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Writes a file whole: under a name of `scratch` first, then renamed into place.
    static func replace(_ path: FilePath, with bytes: UnsafeRawBufferPointer, scratch: ScratchFolder) throws {
        let temporary = scratch.newPath()
        let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL)
        do {
            defer { try? file.close() }
            try unsafe write(file, from: bytes, at: 0, subject: path.string)
        } catch {
            _ = unsafe unlink(temporary.string)
            throw error
        }
        guard unsafe rename(temporary.string, path.string) == 0 else {
            let code = currentErrno()
            _ = unsafe unlink(temporary.string)
            throw SystemCallError("rename", path.string, code: code)
        }
    }

    /// Reads a whole file of at most `limit` bytes; `nil` when there is none or it is larger.
    static func contents(of path: FilePath, limit: Int64) throws -> [UInt8]? {
        guard let file = try? open(path, O_RDONLY) else { return nil }
        defer { try? file.close() }
        let size = try length(of: file, subject: path.string)
        guard size <= limit else { return nil }
        return try unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try unsafe read(
                file,
                into: UnsafeMutableRawBufferPointer(buffer),
                at: 0,
                subject: path.string
            )
        }
    }
}
