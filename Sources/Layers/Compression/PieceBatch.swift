// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CDeflate
import CZstd
import Dispatch
import Glibc
import Synchronization
import SystemPackage

extension LayerStore {
    /// How many processors this process may use.
    static var processors: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}

/// Some pieces of a tar that are compressed at the same time, each on its own.
@safe final class PieceBatch {
    private let form: Compression
    private let inputs: UnsafeMutableRawBufferPointer
    private let outputs: UnsafeMutableRawBufferPointer
    private let bound: Int
    private let capacity: Int
    private var lengths: [Int]
    private var compressedLengths: [Int]
    /// The compressed form of a whole piece of zeros, once there was one.
    private var zeroPiece: [UInt8]?
    private var zeroFlags: [Bool]

    init(_ form: Compression, count: Int) {
        self.form = form
        capacity = count
        bound = form.pieceLength + form.pieceLength / 128 + 4096
        unsafe inputs = UnsafeMutableRawBufferPointer.allocate(byteCount: count * form.pieceLength, alignment: 4096)
        unsafe outputs = UnsafeMutableRawBufferPointer.allocate(byteCount: count * bound, alignment: 4096)
        lengths = [Int](repeating: 0, count: count)
        compressedLengths = lengths
        zeroFlags = [Bool](repeating: false, count: count)
    }

    deinit {
        unsafe inputs.deallocate()
        unsafe outputs.deallocate()
    }

    private func input(_ piece: Int) -> UnsafeMutableRawBufferPointer {
        let start = piece * form.pieceLength
        return unsafe UnsafeMutableRawBufferPointer(rebasing: inputs[start..<start + lengths[piece]])
    }

    private func output(_ piece: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: outputs[piece * bound..<(piece + 1) * bound])
    }

    /// Reads the next pieces, as many as there is room for; returns how many.
    ///
    /// An empty tar is one empty piece.
    func read(_ tar: FileDescriptor, from offset: Int64, size: Int64, subject: String) throws -> Int {
        var count = 0
        while count < capacity {
            let at = offset + Int64(count) * Int64(form.pieceLength)
            guard at < size || at == 0 else { break }
            lengths[count] = Int(min(Int64(form.pieceLength), size - at))
            zeroFlags[count] =
                lengths[count] == form.pieceLength
                && (PositionedIO.nextData(tar, from: at) ?? .max) >= at + Int64(form.pieceLength)
            let room = unsafe input(count)
            if zeroFlags[count] {
                unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
            } else {
                let got = try unsafe PositionedIO.read(tar, into: room, at: at, subject: subject)
                guard got == room.count else { throw SystemCallError("read", subject, code: EIO) }
            }
            count += 1
        }
        return count
    }

    /// Compresses the first `count` pieces.
    func compress(_ count: Int, workers: Int) throws {
        let next = Atomic<Int>(0)
        let failed = Atomic<Bool>(false)
        // Each piece is taken by one worker, which alone touches its part of the buffers.
        nonisolated(unsafe) let batch = self
        nonisolated(unsafe) let results = UnsafeMutableBufferPointer<Int>.allocate(capacity: count)
        defer { unsafe results.deallocate() }
        DispatchQueue.concurrentPerform(iterations: min(workers, count)) { _ in
            let compressor = unsafe PieceCompressor(batch.form)
            while true {
                let piece = next.add(1, ordering: .relaxed).oldValue
                guard piece < count else { return }
                if unsafe batch.zeroFlags[piece] && batch.zeroPiece != nil {
                    unsafe results[piece] = 0
                    continue
                }
                let made = unsafe compressor.compress(
                    UnsafeRawBufferPointer(batch.input(piece)),
                    into: batch.output(piece)
                )
                if made == 0 { failed.store(true, ordering: .relaxed) }
                unsafe results[piece] = made
            }
        }
        for piece in 0..<count { unsafe compressedLengths[piece] = results[piece] }
        guard !failed.load(ordering: .relaxed) else {
            throw LayerError.compressedStream(reason: "the compression library refused a piece of it")
        }
    }

    /// Appends the compressed pieces in their order, and hashes what they were made of.
    func finish(_ count: Int, into out: BlobWriter, hashing hasher: inout SHA256Hasher) throws {
        for piece in 0..<count {
            unsafe hasher.update(UnsafeRawBufferPointer(input(piece)))
            if zeroFlags[piece], let zeroPiece {
                try out.write(zeroPiece)
                continue
            }
            let made = unsafe UnsafeRawBufferPointer(rebasing: output(piece)[..<compressedLengths[piece]])
            try unsafe out.write(made)
            if zeroFlags[piece] { unsafe zeroPiece = Array(made) }
        }
    }
}

/// One state of a compression library, for one thread.
@safe private struct PieceCompressor: ~Copyable {
    private let gzip: OpaquePointer?
    private let zstd: OpaquePointer?

    init(_ form: Compression) {
        unsafe gzip = form == .gzip ? libdeflate_alloc_compressor(6) : nil
        unsafe zstd = form == .zstd ? ZSTD_createCCtx() : nil
        if let zstd = unsafe zstd {
            unsafe ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 3)
            unsafe ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1)
        }
    }

    deinit {
        unsafe libdeflate_free_compressor(gzip)
        unsafe ZSTD_freeCCtx(zstd)
    }

    /// Compresses a piece whole; 0 on failure.
    func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        if let gzip = unsafe gzip {
            return unsafe libdeflate_gzip_compress(
                gzip,
                input.baseAddress,
                input.count,
                output.baseAddress,
                output.count
            )
        }
        guard let zstd = unsafe zstd else { return 0 }
        let made = unsafe ZSTD_compress2(zstd, output.baseAddress, output.count, input.baseAddress, input.count)
        return ZSTD_isError(made) == 0 ? made : 0
    }
}
