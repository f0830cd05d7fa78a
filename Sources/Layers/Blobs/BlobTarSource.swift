// SPDX-License-Identifier: Apache-2.0

import BuildModel
import SystemPackage

/// The bytes of a stored tar, for `TarReader`; contents of large files are never read.
@safe final class BlobTarSource: TarSource {
    private let file: FileDescriptor
    private let subject: String
    private let buffer: UnsafeMutableRawBufferPointer
    private let length: Int64
    private var offset: Int64 = 0

    init(_ digest: ContentDigest, in store: BlobStore) throws {
        file = try store.open(digest)
        subject = store.path(digest).string
        unsafe buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 4096)
        do { length = try PositionedIO.length(of: file, subject: store.path(digest).string) } catch {
            try? file.close()
            unsafe buffer.deallocate()
            throw error
        }
    }

    deinit {
        try? file.close()
        unsafe buffer.deallocate()
    }

    func next() throws -> UnsafeRawBufferPointer? {
        let count = try unsafe PositionedIO.read(file, into: buffer, at: offset, subject: subject)
        offset += Int64(count)
        return count == 0 ? nil : unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    func skip(_ count: Int64) throws -> Int64 {
        let skipped = min(count, max(0, length - offset))
        offset += skipped
        return skipped
    }
}
