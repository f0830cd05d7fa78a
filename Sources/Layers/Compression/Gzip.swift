// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CDeflate

/// Gzip of bytes in memory, by libdeflate: the same bytes for the same input on every machine.
///
/// Source: RFC 1952; a file of several members, one after another, is a gzip file too (section 2.2).
public enum Gzip {
    /// One gzip member of `bytes`, at libdeflate's level 6, without name and time.
    public static func member(of bytes: [UInt8]) -> [UInt8] {
        guard let compressor = unsafe libdeflate_alloc_compressor(6) else {
            preconditionFailure("libdeflate has no memory for a compressor")
        }
        defer { unsafe libdeflate_free_compressor(compressor) }
        let bound = unsafe libdeflate_gzip_compress_bound(compressor, bytes.count)
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            count = unsafe libdeflate_gzip_compress(compressor, bytes, bytes.count, buffer.baseAddress, bound)
        }
    }

    /// The bytes of all members of `bytes`.
    ///
    /// - Parameter limit: The most bytes to make.
    /// - Throws: `GzipError` for bytes that are no gzip, or that make more.
    public static func decompress(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
            preconditionFailure("libdeflate has no memory for a decompressor")
        }
        defer { unsafe libdeflate_free_decompressor(decompressor) }
        var out: [UInt8] = []
        var at = 0
        var room = 1 << 20
        while at < bytes.count {
            var consumed = 0
            var produced = 0
            var result = LIBDEFLATE_BAD_DATA
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                unsafe bytes.withUnsafeBytes { input in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: input[at...])
                    result = unsafe libdeflate_gzip_decompress_ex(
                        decompressor,
                        rest.baseAddress,
                        rest.count,
                        buffer.baseAddress,
                        room,
                        &consumed,
                        &produced
                    )
                }
                count = result == LIBDEFLATE_SUCCESS ? produced : 0
            }
            switch result {
            case LIBDEFLATE_SUCCESS where consumed > 0:
                guard out.count + piece.count <= limit else { throw .tooLarge(limit: limit) }
                out += piece
                at += consumed
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard room < limit else { throw .tooLarge(limit: limit) }
                room = min(limit, room * 4)
            default: throw .malformed(offset: at)
            }
        }
        return out
    }
}

/// Bytes that can't be decompressed.
public enum GzipError: Fault, Equatable {
    /// They are no gzip, from the member at this offset on.
    case malformed(offset: Int)
    /// They make more than the limit in bytes.
    case tooLarge(limit: Int)

    /// Always `.corrupt`.
    public var kind: FaultKind { .corrupt }

    /// One sentence.
    public var description: String {
        switch self {
        case .malformed(let offset): "the bytes from \(offset) on are not gzip"
        case .tooLarge(let limit): "decompressed, it is larger than the limit of \(limit) bytes"
        }
    }
}
