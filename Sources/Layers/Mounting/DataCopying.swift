// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Copying and comparing the data of open files; holes cost nothing.
enum DataCopying {
    /// Copies `length` bytes at `start` of `source` to the beginning of `target`, which is empty and long enough.
    static func copy(
        from source: FileDescriptor,
        at start: Int64,
        length: Int64,
        to target: FileDescriptor,
        path: [UInt8]
    ) throws {
        var done: Int64 = 0
        while done < length {
            // A file system without SEEK_DATA says that all is data.
            let data = lseek(source.rawValue, Int(start + done), SEEK_DATA)
            if data < 0 && currentErrno() == ENXIO { return }
            if data > Int(start + done) { done = Int64(data) - start }
            guard done < length else { return }
            let hole = lseek(source.rawValue, Int(start + done), SEEK_HOLE)
            let end = min(length, hole < 0 ? length : Int64(hole) - start)
            while done < end {
                var from = off_t(start + done)
                var into = off_t(done)
                let count = unsafe copy_file_range(source.rawValue, &from, target.rawValue, &into, Int(end - done), 0)
                guard count > 0 else { throw SystemCallError("copy_file_range", PathBytes.text(path)) }
                done += Int64(count)
            }
        }
    }

    /// Whether `length` bytes of two files are equal, each from its own offset on.
    static func areEqual(
        _ left: FileDescriptor,
        at leftStart: Int64,
        _ right: FileDescriptor,
        at rightStart: Int64,
        length: Int64
    ) throws -> Bool {
        var done: Int64 = 0
        let size = Int(min(length, 1 << 20))
        let both = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1) * 2, alignment: 16)
        defer { unsafe both.deallocate() }
        guard let first = both.baseAddress else { return false }
        let second = unsafe first + size
        while done < length {
            let wanted = Int(min(length - done, Int64(size)))
            let one = unsafe pread(left.rawValue, first, wanted, Int(leftStart + done))
            guard one > 0 else {
                guard one == 0 else { throw SystemCallError("pread", "a file") }
                return false
            }
            var got = 0
            while got < one {
                let count = unsafe pread(right.rawValue, second + got, one - got, Int(rightStart + done) + got)
                guard count > 0 else {
                    guard count == 0 else { throw SystemCallError("pread", "a file") }
                    return false
                }
                got += count
            }
            if unsafe memcmp(first, second, one) != 0 { return false }
            done += Int64(one)
        }
        return true
    }
}
