// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import SystemPackage

/// A file of a context, read once.
struct ReadFile: Sendable {
    var status: FileStatus
    var digest: ContentDigest
    var xattrs: [ExtendedAttribute]
    /// The contents, where they were asked for.
    var bytes: [UInt8]?
}

/// Reads and hashes files of a context, and notices when they change meanwhile.
struct FileReading: Sendable {
    /// Files above this many bytes are streamed and never held in memory.
    static let wholeLimit: Int64 = 1 << 20
    /// How often a file is read before it is given up.
    static let attempts = 3

    let root: ContextRoot
    /// Called after each reading, before it is checked; for tests.
    var afterReading: (@Sendable ([UInt8]) -> Void)?

    /// Reads the file at `path`.
    ///
    /// - Parameter kept: Up to which size in bytes the contents are returned too; `nil` for never.
    /// - Throws: `ContextError.changing` after `attempts` readings that were each overtaken by a change.
    func read(_ path: [UInt8], keepingUpTo kept: Int64?) throws -> ReadFile {
        for _ in 0..<Self.attempts {
            if let result = try attempt(path, keepingUpTo: kept) { return result }
        }
        throw ContextError.changing(ContextPath.text(path))
    }

    /// Opens the regular file at `path`, with its status.
    func open(_ path: [UInt8]) throws -> (ContextFile, FileStatus) {
        do throws(SystemErrno) {
            let file = try root.open(path, directory: false)
            guard let status = file.status() else { throw SystemErrno() }
            guard status.format == S_IFREG else { throw SystemErrno(code: ENOENT) }
            return (file, status)
        } catch {
            throw ContextWalk.error(error, at: path)
        }
    }

    /// One reading; `nil` when the file changed during it.
    private func attempt(_ path: [UInt8], keepingUpTo kept: Int64?) throws -> ReadFile? {
        let (file, before) = try open(path)
        var result: ReadFile
        do throws(SystemErrno) {
            let size = before.stamp.size
            if size <= kept ?? Self.wholeLimit {
                let bytes = try file.readAll(size: Int(size))
                guard bytes.count == size else { return nil }
                result = ReadFile(status: before, digest: ContentDigest(of: bytes), xattrs: try file.attributes())
                if kept != nil { result.bytes = bytes }
            } else {
                let (digest, length) = try file.hash()
                guard length == size else { return nil }
                result = ReadFile(status: before, digest: digest, xattrs: try file.attributes())
            }
        } catch {
            throw ContextWalk.error(error, at: path)
        }
        afterReading?(path)
        return file.status() == before ? result : nil
    }
}

extension ContextFile {
    /// At most `size + 1` bytes from the start, so that growth shows.
    func readAll(size: Int) throws(SystemErrno) -> [UInt8] {
        var failure: SystemErrno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            while count <= size {
                let got = unsafe pread(
                    descriptor,
                    buffer.baseAddress.map { unsafe $0 + count },
                    size + 1 - count,
                    off_t(count)
                )
                if got == 0 { return }
                if got > 0 {
                    count += got
                } else if errno != EINTR {
                    failure = SystemErrno()
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The SHA-256 and the length of everything from the start.
    func hash() throws(SystemErrno) -> (ContentDigest, Int64) {
        var hasher = SHA256Hasher()
        var length: Int64 = 0
        let failure = chunks { bytes in
            hasher.update(bytes)
            length += Int64(bytes.count)
        }
        if let failure { throw failure }
        return (hasher.digest(), length)
    }

    /// Gives everything from the start in pieces of at most 256 KiB; the error that ended it, if one did.
    func chunks(_ body: (Span<UInt8>) throws -> Void) rethrows -> SystemErrno? {
        let capacity = 256 << 10
        var buffer = [UInt8](repeating: 0, count: capacity)
        var at: off_t = 0
        while true {
            let got = unsafe pread(descriptor, &buffer, capacity, at)
            if got == 0 { return nil }
            if got < 0 {
                if errno == EINTR { continue }
                return SystemErrno()
            }
            try body(buffer.span.extracting(first: got))
            at += off_t(got)
        }
    }
}

extension SHA256Hasher {
    /// Feeds a span.
    mutating func update(_ span: Span<UInt8>) {
        unsafe span.withUnsafeBytes { memory in unsafe update(memory) }
    }
}
