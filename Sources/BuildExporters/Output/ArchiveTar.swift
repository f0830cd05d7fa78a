// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Headers of the tar files that hold an OCI layout: short ASCII names, no owner, time 0.
///
/// Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's base-256 form for sizes of 8 GiB and more, which
/// Go's `archive/tar` and libarchive read.
enum ArchiveTar {
    static let blockSize = 512
    /// What follows the last entry.
    static let end = [UInt8](repeating: 0, count: 1024)

    /// The header of a file or, where `name` ends in `/`, of a directory. `name` has at most 100 bytes.
    static func header(name: String, mode: UInt16, size: Int64) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() where offset + index < blockSize { block[offset + index] = byte }
        }
        func octal(_ value: Int64, digits: Int) -> String.UTF8View {
            let text = String(value, radix: 8)
            return (String(repeating: "0", count: max(0, digits - text.count)) + text).utf8
        }
        precondition(name.utf8.count <= 100, "names in an image archive are short")
        put(name.utf8, at: 0)
        put(octal(Int64(mode), digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        if size < 1 << 33 {
            put(octal(size, digits: 11), at: 124)
        } else {
            block[124] = 0x80
            for index in 0..<8 { block[128 + index] = UInt8(truncatingIfNeeded: size >> Int64(56 - 8 * index)) }
        }
        put(octal(0, digits: 11), at: 136)
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
        block[156] = UInt8(ascii: name.hasSuffix("/") ? "5" : "0")
        put("ustar\0".utf8, at: 257)
        put("00".utf8, at: 263)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        put(octal(sum, digits: 6), at: 148)
        block[154] = 0
        return block
    }

    /// How many zero bytes follow contents of `size` bytes.
    static func padding(after size: Int64) -> Int { Int((512 - size % 512) % 512) }
}
