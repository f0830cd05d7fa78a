// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A blob that is being written: bytes go in, a digest comes out.
///
/// Runs of zeros become holes of the file, whichever way they come in. For one thread at a time. Released without
/// `finish()`, it leaves nothing behind.
@safe public final class BlobWriter {
    private let store: BlobStore
    private let temporary: FilePath
    private let file: FileDescriptor
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var drained: Int64 = 0
    /// Up to where the disk was told to write.
    private var started: Int64 = 0
    private var hasher = SHA256Hasher()
    private var isOpen = true

    private static let capacity = 1 << 20
    private static let block = 4096
    /// How much is written to the disk at once, ahead of the flush.
    private static let writingUnit: Int64 = 8 << 20
    /// Shorter runs of zeros are written, so that ordinary files don't fall into pieces.
    private static let shortestHole = 16_384
    private static let zeros = [UInt8](repeating: 0, count: 1 << 20)

    init(store: BlobStore) throws {
        self.store = store
        temporary = store.scratch.newPath()
        file = try PositionedIO.open(temporary, O_RDWR | O_CREAT | O_EXCL)
        unsafe buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.capacity, alignment: Self.block)
    }

    deinit {
        if isOpen {
            try? file.close()
            _ = unsafe unlink(temporary.string)
        }
        unsafe buffer.deallocate()
    }

    /// How many bytes were written so far.
    public var count: Int64 { drained + Int64(filled) }

    /// Appends `bytes`.
    public func write(_ bytes: [UInt8]) throws { try unsafe bytes.withUnsafeBytes { try unsafe write($0) } }

    /// Appends raw memory.
    public func write(_ source: UnsafeRawBufferPointer) throws {
        var rest = unsafe source[...]
        while !(unsafe rest.isEmpty) {
            let part = min(unsafe rest.count, Self.capacity - filled)
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + part])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest.prefix(part)))
            filled += part
            unsafe rest = rest.dropFirst(part)
            if filled == Self.capacity { try drain() }
        }
    }

    /// Appends what `produce` puts into the memory that it is given, `limit` bytes at most; returns how many.
    func fill(limit: Int64, _ produce: (UnsafeMutableRawBufferPointer) throws -> Int) throws -> Int {
        if filled == Self.capacity { try drain() }
        let room = Int(min(Int64(Self.capacity - filled), limit))
        let made = try unsafe produce(UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + room]))
        filled += made
        return made
    }

    /// Makes room for `size` bytes, at most 1 MiB, in one piece.
    func reserve(_ size: Int) throws { if Self.capacity - filled < size { try drain() } }

    /// Appends `count` zero bytes, which become a hole of the file.
    public func writeZeros(_ count: Int64) throws {
        if count < Int64(Self.shortestHole) {
            var rest = count
            while rest > 0 {
                let part = min(Int(rest), Self.capacity - filled)
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + part])
                    .initializeMemory(as: UInt8.self, repeating: 0)
                filled += part
                rest -= Int64(part)
                if filled == Self.capacity { try drain() }
            }
            return
        }
        try drain()
        Self.hashZeros(count, into: &hasher)
        drained += count
    }

    /// The digest of what was written so far.
    func digest() -> ContentDigest {
        var copy = hasher.copy()
        unsafe copy.update(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
        return copy.digest()
    }

    /// Ends the blob and puts it into the store; what was there under its name stays.
    public func finish() throws -> (digest: ContentDigest, size: Int64) {
        try drain()
        guard ftruncate(file.rawValue, off_t(drained)) == 0 else {
            throw SystemCallError("ftruncate", temporary.string)
        }
        isOpen = false
        do { try file.close() } catch {
            _ = unsafe unlink(temporary.string)
            throw SystemCallError("close", temporary.string, code: (error as? Errno)?.rawValue ?? 0)
        }
        let digest = hasher.digest()
        try store.adopt(temporary, as: digest, size: drained)
        return (digest, drained)
    }

    /// A point to which the blob can be taken back.
    struct Mark: ~Copyable {
        fileprivate let count: Int64
        /// The state of the hash; `nil` while everything after the mark fits the buffer.
        fileprivate let hasher: SHA256Hasher?
    }

    /// Remembers this point.
    ///
    /// - Parameter room: How many bytes may follow before the mark is used or forgotten, holes not among them.
    func mark(room: Int64) throws -> Mark {
        if room > Int64(Self.capacity - filled - 1) { try drain() }
        guard room > Int64(Self.capacity - filled - 1) else { return Mark(count: count, hasher: nil) }
        return Mark(count: count, hasher: hasher.copy())
    }

    /// Forgets all that was written after `mark`.
    func rollBack(to mark: consuming Mark) throws {
        if mark.count >= drained {
            filled = Int(mark.count - drained)
            return
        }
        guard let saved = mark.hasher?.copy() else {
            preconditionFailure("more was written than the mark had room for")
        }
        hasher = saved
        filled = 0
        drained = mark.count
        started = min(started, drained)
        guard ftruncate(file.rawValue, off_t(drained)) == 0 else {
            throw SystemCallError("ftruncate", temporary.string)
        }
    }

    /// Feeds `count` zeros to a hash.
    static func hashZeros(_ count: Int64, into hasher: inout SHA256Hasher) {
        var rest = count
        while rest > 0 {
            let part = Int(min(rest, Int64(zeros.count)))
            unsafe zeros.withUnsafeBytes { unsafe hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<part])) }
            rest -= Int64(part)
        }
    }

    /// Hashes what is buffered and writes it, leaving out runs of zeros.
    private func drain() throws {
        guard filled > 0 else { return }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<filled])
        unsafe hasher.update(bytes)
        var from = 0
        var at = 0
        while at < filled {
            let run = unsafe Self.zeroRun(bytes, from: at)
            if run >= Self.shortestHole {
                try unsafe put(bytes, from..<at)
                from = at + run
            }
            at += max(run, Self.block)
        }
        try unsafe put(bytes, from..<filled)
        drained += Int64(filled)
        filled = 0
        startWriting()
    }

    /// Sets the disk to work while the blob is still being made, so that `BlobStore.flush` finds little left to wait for.
    private func startWriting() {
        guard drained - started >= Self.writingUnit else { return }
        // A hint: that it could not be taken shows when the blob is flushed.
        _ = reel_start_writing(file.rawValue, started, drained - started)
        started = drained
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
        guard !range.isEmpty else { return }
        try unsafe PositionedIO.write(
            file,
            from: UnsafeRawBufferPointer(rebasing: bytes[range]),
            at: drained + Int64(range.lowerBound),
            subject: temporary.string
        )
    }

    /// The length of the run of whole zero blocks that starts at `start`.
    private static func zeroRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at + block <= bytes.count {
            guard unsafe bytes[at] == 0, let base = bytes.baseAddress else { break }
            let isZero = unsafe zeros.withUnsafeBytes { pattern in
                unsafe pattern.baseAddress.map { unsafe memcmp(base + at, $0, block) == 0 } ?? false
            }
            guard isZero else { break }
            at += block
        }
        return at - start
    }
}
