// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
import SystemPackage

extension BlobStore {
    /// Takes a blob of another store, by a hard link where both are on one file system, else by a copy.
    ///
    /// The bytes are not verified here; a blob that is there already stays.
    ///
    /// - Throws: `BlobError.missing` when the other store lacks it, `SystemCallError`.
    public func adopt(_ digest: ContentDigest, from other: BlobStore) throws {
        if contains(digest) { return }
        guard other.contains(digest) else { throw BlobError.missing(digest) }
        if unsafe link(other.path(digest).string, path(digest).string) == 0 || currentErrno() == EEXIST { return }
        let source = try other.open(digest)
        defer { try? source.close() }
        let writer = try self.writer()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe source.read(into: $0) }
            if count == 0 { break }
            try writer.write(Array(buffer[..<count]))
        }
        _ = try writer.finish()
    }
}
