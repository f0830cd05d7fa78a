// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// An open file that is closed when nobody uses it any more.
final class ArchiveFile: Sendable {
    let descriptor: FileDescriptor
    /// What errors call it.
    let name: String

    /// Opens the file at `path` for reading.
    ///
    /// - Parameter following: Whether a symbolic link at its end is followed.
    /// - Returns: `nil` where there is no such file.
    init?(_ path: FilePath, following: Bool) throws {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (following ? 0 : O_NOFOLLOW)
        let raw = unsafe reel_openat(AT_FDCWD, path.string, flags, 0)
        guard raw >= 0 else {
            if currentErrno() == ENOENT { return nil }
            throw SystemCallError("open", path.string)
        }
        descriptor = FileDescriptor(rawValue: raw)
        name = path.string
    }

    deinit { try? descriptor.close() }

    /// Waits until somebody writes to a named pipe, or did; from then on reads wait for what comes.
    ///
    /// Opening it once more would wait for the next writer, while this one may have come and gone.
    func awaitWriter() throws {
        var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&waiting, 1, -1) < 0 {
            guard currentErrno() == EINTR else { throw SystemCallError("poll", name) }
        }
        let flags = fcntl(descriptor.rawValue, F_GETFL)
        guard flags >= 0, fcntl(descriptor.rawValue, F_SETFL, flags & ~O_NONBLOCK) == 0 else {
            throw SystemCallError("fcntl", name)
        }
    }

    /// Removes its name.
    func remove() throws {
        guard unsafe unlink(name) == 0 else { throw SystemCallError("unlink", name) }
    }

    /// What the system says about it.
    var status: stat? {
        var status = stat()
        return unsafe fstat(descriptor.rawValue, &status) == 0 ? status : nil
    }
}

/// A part of an open file that is a file of its own: a member of an archive, or the whole.
struct FileRange: Sendable {
    let file: ArchiveFile
    let offset: Int64
    let length: Int64

    /// All bytes.
    ///
    /// - Throws: `ImageImportError.tooLarge` for more than `limit`.
    func read(limit: Int64, subject: String, path: String) throws -> [UInt8] {
        guard length <= limit else { throw ImageImportError.tooLarge(path: path, subject: subject, limit: limit) }
        var all: [UInt8] = []
        all.reserveCapacity(Int(length))
        try unsafe forEachPiece { piece in unsafe all.append(contentsOf: piece) }
        return all
    }

    /// The SHA-256 of all bytes.
    func digest() throws -> ContentDigest {
        var hasher = SHA256Hasher()
        try unsafe forEachPiece { piece in unsafe hasher.update(piece) }
        return hasher.digest()
    }

    /// Calls `body` with pieces of at most 1 MiB, in order.
    ///
    /// - Throws: `ImageImportError.malformed` where the file ends early.
    func forEachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: Int(min(max(length, 1), 1 << 20)))
        var done: Int64 = 0
        while done < length {
            let wanted = Int(min(length - done, Int64(buffer.count)))
            try unsafe buffer.withUnsafeMutableBytes { memory in
                let got = unsafe pread(file.descriptor.rawValue, memory.baseAddress, wanted, off_t(offset + done))
                if got < 0, currentErrno() == EINTR { return }
                guard got >= 0 else { throw SystemCallError("pread", file.name) }
                guard got > 0 else {
                    throw ImageImportError.malformed(path: file.name, reason: "it ends early, at byte \(offset + done)")
                }
                try unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<got]))
                done += Int64(got)
            }
        }
    }
}
