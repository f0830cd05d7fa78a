// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
public import Layers
public import Sandbox
import Synchronization
import SystemPackage

/// What a running step prints, spooled to a file and kept as one compressed blob at its end.
///
/// The form, before gzip: for each piece one byte for the stream (1 output, 2 error), 8 bytes of nanoseconds since the
/// step's start, 4 bytes of length, little-endian both, and the bytes. See `Docs/events.md`.
final class OutputSpool: Sendable {
    private struct State {
        var file: FileDescriptor?
        var bytes: Int64 = 0
        var failure: (any Error)?
    }

    private let path: FilePath
    private let state = Mutex(State())

    /// Prepares to spool at `path`; the file is made when the first piece comes.
    init(path: FilePath) { self.path = path }

    deinit { discard() }

    /// Writes one piece; a failure is kept for `finish`.
    func write(_ chunk: OutputChunk) {
        var record: [UInt8] = [chunk.stream.rawValue]
        unsafe withUnsafeBytes(of: UInt64(bitPattern: chunk.offset).littleEndian) { record += unsafe Array($0) }
        unsafe withUnsafeBytes(of: UInt32(clamping: chunk.bytes.count).littleEndian) { record += unsafe Array($0) }
        record += chunk.bytes
        state.withLock { state in
            guard state.failure == nil else { return }
            do {
                if state.file == nil { state.file = try open() }
                try state.file?.writeAll(record)
                state.bytes += Int64(chunk.bytes.count)
            } catch {
                state.failure = error
            }
        }
    }

    private func open() throws -> FileDescriptor {
        let descriptor = unsafe reel_openat(AT_FDCWD, path.string, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open", path.string) }
        return FileDescriptor(rawValue: descriptor)
    }

    /// Stores what was printed; `nil` when nothing was.
    ///
    /// - Throws: What writing met, e.g. a full disk. The spool file is gone either way.
    func finish(into blobs: BlobStore) throws -> (blob: ContentDigest, bytes: Int64)? {
        let (file, bytes, failure) = state.withLock { ($0.file, $0.bytes, $0.failure) }
        defer { discard() }
        if let failure { throw failure }
        guard let file else { return nil }
        try file.seek(offset: 0, from: .start)
        let writer = try blobs.writer()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { break }
            try writer.write(Gzip.member(of: Array(chunk[..<count])))
        }
        let (digest, _) = try writer.finish()
        return (digest, bytes)
    }

    private func discard() {
        state.withLock { state in
            guard let file = state.file else { return }
            try? file.close()
            unsafe unlink(path.string)
            state.file = nil
        }
    }
}

/// The pieces in a blob that `OutputSpool` made.
public enum StoredOutput {
    /// Reads the pieces of an output blob.
    ///
    /// - Throws: `BlobError`, or `StoredOutputError` when the blob has another form.
    public static func read(_ digest: ContentDigest, from blobs: BlobStore) throws -> [OutputChunk] {
        let bytes = try Gzip.decompress(blobs.read(digest, limit: 1 << 30), limit: 4 << 30)
        var chunks: [OutputChunk] = []
        var at = 0
        while at < bytes.count {
            guard at + 13 <= bytes.count, let stream = OutputStream(rawValue: bytes[at]) else {
                throw StoredOutputError(digest: digest)
            }
            let offset = bytes[at + 1..<at + 9].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let length = Int(bytes[at + 9..<at + 13].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
            at += 13
            guard at + length <= bytes.count else { throw StoredOutputError(digest: digest) }
            let piece = Array(bytes[at..<at + length])
            chunks.append(OutputChunk(stream: stream, offset: Int64(bitPattern: offset), bytes: piece))
            at += length
        }
        return chunks
    }
}

/// A blob that should hold a step's output and doesn't.
struct StoredOutputError: Fault, Equatable {
    let digest: ContentDigest
    var kind: FaultKind { .corrupt }
    var description: String { "blob \(digest) is not the output of a step; 'reel audit' says more" }
}
