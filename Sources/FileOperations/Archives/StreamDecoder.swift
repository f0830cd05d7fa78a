// SPDX-License-Identifier: Apache-2.0

import CBzip2
import CLzma
import CZlib
import CZstd

/// Decompresses one stream piece by piece.
///
/// Owns the state of the library that does it.
@safe final class StreamDecoder {
    /// What is wrong with a stream.
    struct Damage: Error {
        /// A clause about it.
        let reason: String
    }

    @safe private enum Library {
        case none
        case gzip(UnsafeMutablePointer<z_stream>)
        case bzip2(UnsafeMutablePointer<bz_stream>)
        case xz(UnsafeMutablePointer<lzma_stream>)
        case zstd(OpaquePointer)
    }

    private let library: Library
    private var output = [UInt8](repeating: 0, count: 256 << 10)
    /// Whether the end of a member was the last thing that was seen.
    private var isBetweenMembers = true

    /// The most memory that an xz stream may ask for.
    private static let xzMemory: UInt64 = 512 << 20
    /// `LZMA_CONCATENATED`, whose macro Swift does not see.
    private static let concatenated: UInt32 = 0x08

    init(_ form: ArchiveForm) throws(Damage) {
        switch form {
        case .plain: library = .none
        case .gzip:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: z_stream())
            unsafe library = .gzip(stream)
            let status = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
            guard status == Z_OK else { throw Damage(reason: "zlib can't start (\(status))") }
        case .bzip2:
            let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: bz_stream())
            unsafe library = .bzip2(stream)
            guard unsafe BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else { throw Damage(reason: "bzip2 can't start") }
        case .xz:
            let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: lzma_stream())
            unsafe library = .xz(stream)
            let status = unsafe lzma_stream_decoder(stream, Self.xzMemory, Self.concatenated)
            guard status == LZMA_OK else { throw Damage(reason: "xz can't start (\(status.rawValue))") }
        case .zstd:
            guard let context = unsafe ZSTD_createDCtx() else { throw Damage(reason: "zstd can't start") }
            unsafe library = .zstd(context)
        }
    }

    deinit {
        switch library {
        case .none: break
        case .gzip(let stream):
            unsafe inflateEnd(stream)
            unsafe stream.deallocate()
        case .bzip2(let stream):
            unsafe BZ2_bzDecompressEnd(stream)
            unsafe stream.deallocate()
        case .xz(let stream):
            unsafe lzma_end(stream)
            unsafe stream.deallocate()
        case .zstd(let context): unsafe ZSTD_freeDCtx(context)
        }
    }

    /// Decompresses `piece`, an empty one at the end of the input, and hands out what it gives.
    ///
    /// - Parameter sink: Takes decompressed bytes; `false` ends the work.
    func decode(_ piece: [UInt8], to sink: ([UInt8]) throws -> Bool) throws {
        var used = 0
        while true {
            let (consumed, produced) = try unsafe piece.withUnsafeBufferPointer { input in
                try unsafe output.withUnsafeMutableBufferPointer { output in
                    try unsafe step(
                        UnsafeMutablePointer(mutating: input.baseAddress?.advanced(by: used)),
                        input.count - used,
                        output.baseAddress,
                        output.count,
                        isLast: piece.isEmpty
                    )
                }
            }
            used += consumed
            if produced > 0, try !sink(Array(output[..<produced])) { return }
            if consumed == 0, produced == 0 { break }
        }
        if piece.isEmpty, !isBetweenMembers { throw Damage(reason: "its compressed data end too early") }
    }

    private func step(
        _ input: UnsafeMutablePointer<UInt8>?,
        _ available: Int,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ room: Int,
        isLast: Bool
    ) throws(Damage) -> (consumed: Int, produced: Int) {
        guard available > 0 || isLast else { return (0, 0) }
        switch library {
        case .none: return (0, 0)
        case .gzip(let stream): return try unsafe inflateStep(stream, input, available, output, room)
        case .bzip2(let stream): return try unsafe bzip2Step(stream, input, available, output, room)
        case .xz(let stream): return try unsafe xzStep(stream, input, available, output, room, isLast: isLast)
        case .zstd(let context): return try unsafe zstdStep(context, input, available, output, room)
        }
    }

    private func inflateStep(
        _ stream: UnsafeMutablePointer<z_stream>,
        _ input: UnsafeMutablePointer<UInt8>?,
        _ available: Int,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ room: Int
    ) throws(Damage) -> (Int, Int) {
        if isBetweenMembers, available == 0 { return (0, 0) }
        if isBetweenMembers { unsafe inflateReset(stream) }
        isBetweenMembers = false
        unsafe (stream.pointee.next_in, stream.pointee.avail_in) = (input, UInt32(available))
        unsafe (stream.pointee.next_out, stream.pointee.avail_out) = (output, UInt32(room))
        let status = unsafe inflate(stream, Z_NO_FLUSH)
        guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
            throw Damage(reason: "its gzip data are damaged (\(status))")
        }
        isBetweenMembers = status == Z_STREAM_END
        return unsafe (available - Int(stream.pointee.avail_in), room - Int(stream.pointee.avail_out))
    }

    private func bzip2Step(
        _ stream: UnsafeMutablePointer<bz_stream>,
        _ input: UnsafeMutablePointer<UInt8>?,
        _ available: Int,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ room: Int
    ) throws(Damage) -> (Int, Int) {
        if available == 0 { return (0, 0) }
        isBetweenMembers = false
        unsafe stream.pointee.next_in = input.map {
            unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self)
        }
        unsafe stream.pointee.avail_in = UInt32(available)
        unsafe stream.pointee.next_out = output.map {
            unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self)
        }
        unsafe stream.pointee.avail_out = UInt32(room)
        let status = unsafe BZ2_bzDecompress(stream)
        guard status == BZ_OK || status == BZ_STREAM_END else {
            throw Damage(reason: "its bzip2 data are damaged (\(status))")
        }
        let done = unsafe (available - Int(stream.pointee.avail_in), room - Int(stream.pointee.avail_out))
        if status == BZ_STREAM_END {
            isBetweenMembers = true
            unsafe BZ2_bzDecompressEnd(stream)
            unsafe stream.initialize(to: bz_stream())
            guard unsafe BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK else { throw Damage(reason: "bzip2 can't go on") }
        }
        return done
    }

    private func xzStep(
        _ stream: UnsafeMutablePointer<lzma_stream>,
        _ input: UnsafeMutablePointer<UInt8>?,
        _ available: Int,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ room: Int,
        isLast: Bool
    ) throws(Damage) -> (Int, Int) {
        unsafe stream.pointee.next_in = input.map { unsafe UnsafePointer($0) }
        unsafe stream.pointee.avail_in = available
        unsafe (stream.pointee.next_out, stream.pointee.avail_out) = (output, room)
        let status = unsafe lzma_code(stream, isLast ? LZMA_FINISH : LZMA_RUN)
        guard status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR else {
            throw Damage(reason: "its xz data are damaged (\(status.rawValue))")
        }
        isBetweenMembers = status == LZMA_STREAM_END
        return unsafe (available - stream.pointee.avail_in, room - stream.pointee.avail_out)
    }

    private func zstdStep(
        _ context: OpaquePointer,
        _ input: UnsafeMutablePointer<UInt8>?,
        _ available: Int,
        _ output: UnsafeMutablePointer<UInt8>?,
        _ room: Int
    ) throws(Damage) -> (Int, Int) {
        if available == 0, isBetweenMembers { return (0, 0) }
        var from = unsafe ZSTD_inBuffer(src: input, size: available, pos: 0)
        var to = unsafe ZSTD_outBuffer(dst: output, size: room, pos: 0)
        let status = unsafe ZSTD_decompressStream(context, &to, &from)
        guard ZSTD_isError(status) == 0 else { throw Damage(reason: "its zstd data are damaged") }
        isBetweenMembers = status == 0
        return unsafe (from.pos, to.pos)
    }
}
