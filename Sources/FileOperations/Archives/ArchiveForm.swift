// SPDX-License-Identifier: Apache-2.0

/// How a tar is compressed, told by the first bytes.
///
/// Source: moby/go-archive, `compression/compression_detect.go`; RFC 1952, RFC 8878, the bzip2 and xz file formats.
enum ArchiveForm {
    case plain, gzip, bzip2, xz, zstd

    init(_ start: [UInt8]) {
        if start.starts(with: [0x42, 0x5A, 0x68]) {
            self = .bzip2
        } else if start.starts(with: [0x1F, 0x8B, 0x08]) {
            self = .gzip
        } else if start.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || Self.isSkippableFrame(start) {
            self = .zstd
        } else {
            self = .plain
        }
    }

    private static func isSkippableFrame(_ start: [UInt8]) -> Bool {
        start.count >= 8 && start[0] & 0xF0 == 0x50 && start[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    }
}

/// The start of a tar.
enum TarStart {
    /// Whether 512 bytes are the header of a member: their checksum is right, and they are not all zeros.
    ///
    /// Source: POSIX.1-2017, `pax`, "ustar Interchange Format", field `chksum`.
    static func isHeader(_ block: [UInt8]) -> Bool {
        guard block.count == 512, block.contains(where: { $0 != 0 }) else { return false }
        let field = block[148..<156].drop { $0 == UInt8(ascii: " ") }
            .prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        guard !field.isEmpty, let stated = Int(String(decoding: field, as: UTF8.self), radix: 8) else { return false }
        let bytes = block[..<148] + block[156...]
        let unsigned = bytes.reduce(8 * 32) { $0 + Int($1) }
        let signed = bytes.reduce(8 * 32) { $0 + Int(Int8(bitPattern: $1)) }
        return stated == unsigned || stated == signed
    }
}
