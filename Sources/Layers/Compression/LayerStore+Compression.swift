// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import Dispatch
public import OCIModel
import SystemPackage

extension LayerStore {
    /// The layer in a compressed form, made at the first call and kept.
    ///
    /// Any number of processes may ask at once: one makes it, under a lock, the others wait. The bytes depend on the
    /// tar and the version of the compression library alone.
    ///
    /// - Parameter parallelism: How many pieces are compressed at the same time; 0 for one a processor.
    /// - Returns: A descriptor with the OCI media type for the form.
    /// - Throws: `BlobError.corrupt` when the tar turns out not to be what its DiffID says.
    public func compressed(_ diffID: ContentDigest, as form: Compression, parallelism: Int = 0) throws -> Descriptor {
        guard let size = blobs.size(diffID) else { throw BlobError.missing(diffID) }
        if form == .uncompressed { return Descriptor(mediaType: form.mediaType, digest: diffID, size: size) }
        if let kept = keptForm(of: diffID, form) { return kept }
        let lock = try lock(form.rawValue, diffID)
        defer { withExtendedLifetime(lock) {} }
        if let kept = keptForm(of: diffID, form) { return kept }
        let made = try compress(diffID, size: size, as: form, parallelism: parallelism)
        let note = Array("\(made.digest) \(made.size)\n".utf8)
        try unsafe note.withUnsafeBytes {
            try unsafe PositionedIO.replace(path(diffID, form.rawValue), with: $0, scratch: blobs.scratch)
        }
        return made
    }

    /// A form that was made before and whose blob is still there.
    private func keptForm(of diffID: ContentDigest, _ form: Compression) -> Descriptor? {
        guard let bytes = try? PositionedIO.contents(of: path(diffID, form.rawValue), limit: 200) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let digest = try? ContentDigest(parsing: words[0]), let size = Int64(words[1]),
            blobs.size(digest) == size
        else { return nil }
        return Descriptor(mediaType: form.mediaType, digest: digest, size: size)
    }

    private func compress(
        _ diffID: ContentDigest,
        size: Int64,
        as form: Compression,
        parallelism: Int
    ) throws -> Descriptor {
        let workers = min(parallelism > 0 ? parallelism : max(1, Self.processors), form.batch.workers)
        let batch = PieceBatch(form, count: workers * form.batch.piecesPerWorker)
        let tar = try blobs.open(diffID)
        defer { try? tar.close() }
        let out = try blobs.writer()
        var hasher = SHA256Hasher()
        var offset: Int64 = 0
        repeat {
            let count = try batch.read(tar, from: offset, size: size, subject: blobs.path(diffID).string)
            try batch.compress(count, workers: workers)
            try batch.finish(count, into: out, hashing: &hasher)
            offset += Int64(count) * Int64(form.pieceLength)
        } while offset < size
        guard hasher.digest() == diffID else {
            throw BlobError.corrupt(diffID, reason: "its \(size) bytes are \(hasher.digest())")
        }
        let (digest, length) = try out.finish()
        return Descriptor(mediaType: form.mediaType, digest: digest, size: length)
    }
}
