// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Synchronization
import SystemPackage

/// A layer that is being read: its index, its tar, and what is known of its files' digests.
final class OpenLayer: Sendable {
    let diffID: ContentDigest
    let index: LayerIndex
    private let blobs: BlobStore
    private let sumsPath: FilePath
    private let state = Mutex(State())

    private struct State {
        var tar: FileDescriptor?
        var sums: ContentSums?
    }

    init(_ diffID: ContentDigest, index: LayerIndex, blobs: BlobStore, sumsPath: FilePath) {
        self.diffID = diffID
        self.index = index
        self.blobs = blobs
        self.sumsPath = sumsPath
    }

    deinit {
        try? saveDigests()
        state.withLock { try? $0.tar?.close() }
    }

    /// The tar, open for reading as long as this object lives.
    func tar() throws -> FileDescriptor {
        try state.withLock { state in
            if let open = state.tar { return open }
            let opened = try blobs.open(diffID)
            state.tar = opened
            return opened
        }
    }

    /// The digest of the `size` bytes of the tar that begin at `offset`, which are one file.
    func digest(at offset: Int64, size: Int64) throws -> ContentDigest {
        let block = UInt32(truncatingIfNeeded: offset / 512)
        if let known = storedDigest(at: offset) { return known }
        let digest = try Self.hash(try tar(), offset, size, subject: blobs.path(diffID).string)
        let isDue = state.withLock { state in
            state.sums?.insert(digest, at: block)
            return (state.sums?.unsaved ?? 0) >= 10_000
        }
        if isDue { try saveDigests() }
        return digest
    }

    /// The digest of the file that begins at `offset`, if it was computed before.
    func storedDigest(at offset: Int64) -> ContentDigest? {
        state.withLock { state in
            if state.sums == nil { state.sums = ContentSums(sumsPath, of: diffID) }
            return state.sums?[UInt32(truncatingIfNeeded: offset / 512)]
        }
    }

    /// Writes down the digests that were computed since the last call, with those that others wrote.
    func saveDigests() throws {
        try state.withLock { state in
            guard var sums = state.sums, sums.unsaved > 0 else { return }
            sums.merge(ContentSums(sumsPath, of: diffID))
            try sums.save(to: sumsPath, of: diffID, scratch: blobs.scratch)
            state.sums = sums
        }
    }

    private static func hash(
        _ tar: FileDescriptor,
        _ offset: Int64,
        _ size: Int64,
        subject: String
    ) throws -> ContentDigest {
        var hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(min(max(size, 1), 1 << 20)), alignment: 4096)
        defer { unsafe buffer.deallocate() }
        var done: Int64 = 0
        while done < size {
            let part = unsafe UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(size - done, Int64(buffer.count)))]
            )
            let count = try unsafe PositionedIO.read(tar, into: part, at: offset + done, subject: subject)
            guard count == part.count else {
                throw LayerError.malformed(
                    offset: offset + done,
                    reason: "the tar '\(subject)' is shorter than its index says"
                )
            }
            unsafe hasher.update(UnsafeRawBufferPointer(part))
            done += Int64(count)
        }
        return hasher.digest()
    }
}
