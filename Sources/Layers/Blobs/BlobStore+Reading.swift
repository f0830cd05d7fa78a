// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import SystemPackage

extension BlobStore {
    /// Reads a blob of at most `limit` bytes whole, and checks it.
    ///
    /// - Throws: `BlobError`; a damaged blob stays where it is.
    public func read(_ digest: ContentDigest, limit: Int64 = 64 << 20) throws -> [UInt8] {
        let file = try open(digest)
        defer { try? file.close() }
        let size = try PositionedIO.length(of: file, subject: path(digest).string)
        guard size <= limit else { throw BlobError.tooLarge(digest, size: size, limit: limit) }
        let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            count = try unsafe PositionedIO.read(
                file,
                into: UnsafeMutableRawBufferPointer(buffer),
                at: 0,
                subject: path(digest).string
            )
        }
        let actual = ContentDigest(of: bytes)
        guard actual == digest else { throw BlobError.corrupt(digest, reason: "its bytes are \(actual)") }
        return bytes
    }

    /// Reads the whole blob and compares it with its name.
    ///
    /// - Throws: `SystemCallError` when it can't be read; damage is an answer and no error.
    public func verify(_ digest: ContentDigest) throws -> BlobCondition {
        let file: FileDescriptor
        do { file = try open(digest) } catch BlobError.missing { return .missing }
        defer { try? file.close() }
        var hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { unsafe buffer.deallocate() }
        var offset: Int64 = 0
        while true {
            let count = try unsafe PositionedIO.read(file, into: buffer, at: offset, subject: path(digest).string)
            if count == 0 { break }
            unsafe hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
        let actual = hasher.digest()
        return actual == digest ? .intact : .corrupt(reason: "its \(offset) bytes are \(actual)")
    }
}
