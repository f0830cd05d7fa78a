// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CZlib
import CZstd
import SystemPackage

/// Reads a stream and gives it out uncompressed: gzip, zstd, or as it is, told apart by its first bytes.
///
/// Several gzip members or zstd frames one after the other are one stream. Owns the libraries' states.
///
/// Source: RFC 1952 (gzip), RFC 8878 (zstd).
@safe final class Decompressor {
    private enum Form { case plain, gzip, zstd }

    private let source: FileDescriptor
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    private var form = Form.plain
    private var available = 0
    private var used = 0
    private var hasEnded = false
    /// Whether the library is within a member or frame.
    private var isWithin = false
    private let inflater: UnsafeMutablePointer<z_stream>
    private var isInflating = false
    private var zstd: OpaquePointer?
    /// How many compressed bytes were read.
    private(set) var consumed: Int64 = 0

    init(_ source: FileDescriptor) throws {
        self.source = source
        unsafe inflater = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe inflater.initialize(to: z_stream())
        while available < 4, try fill() {}
        let start = unsafe Array(input.prefix(min(4, available)))
        if start.starts(with: [0x1F, 0x8B]) {
            form = .gzip
            let version = ZLIB_VERSION
            let status = unsafe inflateInit2_(inflater, 15 + 16, version, Int32(MemoryLayout<z_stream>.size))
            guard status == Z_OK else { throw LayerError.compressedStream(reason: "zlib can't start (\(status))") }
            isInflating = true
        } else if start.elementsEqual([0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(start) {
            form = .zstd
            unsafe zstd = ZSTD_createDCtx()
        }
    }

    deinit {
        if isInflating { unsafe inflateEnd(inflater) }
        unsafe inflater.deinitialize(count: 1)
        unsafe inflater.deallocate()
        unsafe ZSTD_freeDCtx(zstd)
        unsafe input.deallocate()
        unsafe output.deallocate()
    }

    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count == 4 && start[0] & 0xF0 == 0x50 && start[1...].elementsEqual([0x2A, 0x4D, 0x18])
    }

    /// The next uncompressed bytes, valid until the next call; `nil` at the end.
    func next() throws -> UnsafeRawBufferPointer? {
        switch form {
        case .plain: try unsafe nextPlain()
        case .gzip: try unsafe nextGzip()
        case .zstd: try unsafe nextZstd()
        }
    }

    private func nextPlain() throws -> UnsafeRawBufferPointer? {
        if used == available, try !fill() { return nil }
        defer { used = available }
        return unsafe UnsafeRawBufferPointer(rebasing: input[used..<available])
    }

    private func nextGzip() throws -> UnsafeRawBufferPointer? {
        unsafe inflater.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe inflater.pointee.avail_out = UInt32(output.count)
        while unsafe inflater.pointee.avail_out > 0 {
            if used == available, try !fill() {
                if isWithin { throw LayerError.compressedStream(reason: "its gzip data end too early") }
                break
            }
            if !isWithin {
                // Zeros behind the last member are padding, as gzip(1) takes them.
                if unsafe input[used] == 0 {
                    used += 1
                    continue
                }
                unsafe inflateReset(inflater)
                isWithin = true
            }
            unsafe inflater.pointee.next_in = input.baseAddress?.advanced(by: used).assumingMemoryBound(to: UInt8.self)
            unsafe inflater.pointee.avail_in = UInt32(available - used)
            let status = unsafe inflate(inflater, Z_NO_FLUSH)
            used = unsafe available - Int(inflater.pointee.avail_in)
            if status == Z_STREAM_END {
                isWithin = false
            } else if status != Z_OK {
                throw LayerError.compressedStream(reason: "its gzip data are damaged (\(status))")
            }
        }
        let made = unsafe output.count - Int(inflater.pointee.avail_out)
        return made == 0 ? nil : unsafe UnsafeRawBufferPointer(rebasing: output[..<made])
    }

    private func nextZstd() throws -> UnsafeRawBufferPointer? {
        var out = unsafe ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        while unsafe out.pos < out.size {
            if used == available, try !fill() {
                // What the library still holds comes out before the end.
                if !isWithin { break }
            }
            let before = unsafe out.pos
            var piece = unsafe ZSTD_inBuffer(src: input.baseAddress?.advanced(by: used), size: available - used, pos: 0)
            let status = unsafe ZSTD_decompressStream(zstd, &out, &piece)
            guard ZSTD_isError(status) == 0 else {
                throw LayerError.compressedStream(
                    reason: "its zstd data are damaged (\(unsafe String(cString: ZSTD_getErrorName(status))))"
                )
            }
            unsafe used += piece.pos
            isWithin = status != 0
            if isWithin, used == available, hasEnded, unsafe out.pos == before {
                throw LayerError.compressedStream(reason: "its zstd data end too early")
            }
        }
        let made = unsafe out.pos
        return made == 0 ? nil : unsafe UnsafeRawBufferPointer(rebasing: output[..<made])
    }

    /// Reads more input behind what there is, or over it when all of it was used; `false` at the end.
    private func fill() throws -> Bool {
        if used == available {
            used = 0
            available = 0
        }
        guard !hasEnded, available < (unsafe input.count) else { return false }
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: input[available...])
        let count: Int
        do { count = try unsafe source.read(into: room) } catch {
            throw SystemCallError("read", "the layer's stream", code: (error as? Errno)?.rawValue ?? 0)
        }
        hasEnded = count == 0
        available += count
        consumed += Int64(count)
        return count > 0
    }
}
