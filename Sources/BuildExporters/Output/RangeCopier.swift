// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Copies a range of an open file to a descriptor: `copy_file_range` first, else through memory.
///
/// Where the target is a new regular file, holes of the source become holes again.
struct RangeCopier {
    /// The source; with `sparse` its position is moved.
    let source: FileDescriptor
    private(set) var offset: Int64
    private(set) var remaining: Int64
    /// What an error calls the source.
    let subject: String
    /// Whether holes are looked for, and left in the target, whose position is then moved past them.
    let sparse: Bool
    private var inKernel = true
    private var dataEnd: Int64 = -1

    init(source: FileDescriptor, offset: Int64, length: Int64, subject: String, sparse: Bool) {
        self.source = source
        self.offset = offset
        remaining = length
        self.subject = subject
        self.sparse = sparse
    }

    /// Copies all that remains.
    ///
    /// - Returns: Whether the range ended in a hole, so that the target needs `ftruncate`.
    mutating func run(to target: FileDescriptor, target name: String) throws -> Bool {
        var endsInHole = false
        while remaining > 0 {
            try Stop.check()
            if sparse, offset >= dataEnd {
                endsInHole = try skipHole(of: target, name: name)
                if remaining == 0 { break }
            }
            endsInHole = false
            let limit = sparse ? min(remaining, dataEnd - offset) : remaining
            if inKernel {
                try withinKernel(to: target, limit: limit, name: name)
            } else {
                try throughMemory(to: target, limit: limit, name: name)
            }
        }
        return endsInHole
    }

    private var ended: ExportError {
        .failed(exporter: "reel", reason: "\(subject) is shorter than it should be; run 'reel audit'")
    }

    private mutating func advance(_ count: Int64) {
        offset += count
        remaining -= count
    }

    /// Moves both positions to the next data, if there is a hole, and finds where that data ends.
    private mutating func skipHole(of target: FileDescriptor, name: String) throws -> Bool {
        let data = lseek(source.rawValue, off_t(offset), SEEK_DATA)
        guard data >= 0 || currentErrno() == ENXIO else {
            dataEnd = offset + remaining  // a file system that knows no holes
            return false
        }
        let end = offset + remaining
        let next = data < 0 ? end : min(Int64(data), end)
        let hole = lseek(source.rawValue, off_t(next), SEEK_HOLE)
        dataEnd = hole > 0 ? max(Int64(hole), next) : end
        guard next > offset else { return false }
        guard let size = Files.size(of: source), size >= next else { throw ended }
        guard lseek(target.rawValue, off_t(next - offset), SEEK_CUR) >= 0 else { throw SystemCallError("lseek", name) }
        advance(next - offset)
        return true
    }

    private mutating func withinKernel(to target: FileDescriptor, limit: Int64, name: String) throws {
        var from = off_t(offset)
        let piece = Int(min(limit, 64 << 20))
        let copied = unsafe copy_file_range(source.rawValue, &from, target.rawValue, nil, piece, 0)
        if copied > 0 { return advance(Int64(copied)) }
        if copied == 0 { throw ended }
        switch currentErrno() {
        case EINTR: break
        case EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EBADF, ETXTBSY: inKernel = false
        default: throw SystemCallError("write", name)
        }
    }

    private mutating func throughMemory(to target: FileDescriptor, limit: Int64, name: String) throws {
        var buffer = [UInt8](repeating: 0, count: Int(min(limit, 1 << 20)))
        let got = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe pread(source.rawValue, bytes.baseAddress, bytes.count, off_t(offset))
        }
        guard got >= 0 else {
            if currentErrno() == EINTR { return }
            throw SystemCallError("pread", subject)
        }
        guard got > 0 else { throw ended }
        try unsafe buffer.withUnsafeBytes { bytes in
            try unsafe Files.writeAll(UnsafeRawBufferPointer(rebasing: bytes[..<got]), to: target, name: name)
        }
        advance(Int64(got))
    }
}
