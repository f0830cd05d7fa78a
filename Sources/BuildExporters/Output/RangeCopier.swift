// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Copies a range of an open file to a descriptor, piece by piece: `copy_file_range` first, else through memory.
struct RangeCopier {
    let source: FileDescriptor
    private(set) var offset: Int64
    private(set) var remaining: Int64
    let subject: String
    private var inKernel = true

    init(source: FileDescriptor, offset: Int64, remaining: Int64, subject: String) {
        self.source = source
        self.offset = offset
        self.remaining = remaining
        self.subject = subject
    }

    /// Copies the next piece, at most 64 MiB, and returns its length.
    mutating func step(to target: FileDescriptor, target name: String) throws -> Int64 {
        if inKernel {
            var from = off_t(offset)
            let piece = Int(min(remaining, 64 << 20))
            let copied = unsafe copy_file_range(source.rawValue, &from, target.rawValue, nil, piece, 0)
            if copied > 0 {
                advance(Int64(copied))
                return Int64(copied)
            }
            if copied == 0 { throw ended }
            switch currentErrno() {
            case EINTR: return 0
            case EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EBADF, ETXTBSY: inKernel = false
            default: throw SystemCallError("copy_file_range", name)
            }
        }
        return try throughMemory(to: target, name: name)
    }

    private var ended: ExportError {
        .failed(exporter: "reel", reason: "\(subject) is shorter than it should be; run 'reel audit'")
    }

    private mutating func advance(_ count: Int64) {
        offset += count
        remaining -= count
    }

    private mutating func throughMemory(to target: FileDescriptor, name: String) throws -> Int64 {
        var buffer = [UInt8](repeating: 0, count: Int(min(remaining, 1 << 20)))
        let got = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe pread(source.rawValue, bytes.baseAddress, bytes.count, off_t(offset))
        }
        guard got >= 0 else {
            if currentErrno() == EINTR { return 0 }
            throw SystemCallError("pread", subject)
        }
        guard got > 0 else { throw ended }
        var done = 0
        while done < got {
            let written = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(target.rawValue, bytes.baseAddress?.advanced(by: done), got - done)
            }
            if written < 0 {
                if currentErrno() == EINTR { continue }
                throw SystemCallError("write", name)
            }
            done += written
        }
        advance(Int64(got))
        return Int64(got)
    }
}
