// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// SHA-256 digests of the files of one layer, kept in `layers/<hex>.sums`.
///
/// A file is known by the block of the tar at which its contents begin. On disk, little-endian: 16 bytes of signature,
/// the layer's DiffID (32), SHA-256 of all that follows (32), then records of 36 bytes in the order of the blocks:
/// block (32 bits), digest.
struct ContentSums {
    private static let signature = Array("reel sums v1\n\0\0\0".utf8)
    private static let headerLength = 80
    private static let recordLength = 36

    private var digests: [UInt32: ContentDigest] = [:]
    /// How many digests were added since the table was read or written.
    private(set) var unsaved = 0

    init() {}

    /// Reads a table; a damaged or foreign one counts as empty.
    init(_ path: FilePath, of diffID: ContentDigest) {
        guard let bytes = try? PositionedIO.contents(of: path, limit: 1 << 30), bytes.count >= Self.headerLength,
            bytes.starts(with: Self.signature), bytes[16..<48].elementsEqual(diffID.bytes),
            (bytes.count - Self.headerLength) % Self.recordLength == 0
        else { return }
        var hasher = SHA256Hasher()
        unsafe bytes.withUnsafeBytes {
            unsafe hasher.update(UnsafeRawBufferPointer(rebasing: $0[Self.headerLength...]))
        }
        guard bytes[48..<80].elementsEqual(hasher.digest().bytes) else { return }
        digests.reserveCapacity(bytes.count / Self.recordLength)
        for at in stride(from: Self.headerLength, to: bytes.count, by: Self.recordLength) {
            let block = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
            digests[block] = try? ContentDigest(bytes: bytes[(at + 4)..<(at + Self.recordLength)])
        }
    }

    /// The digest of the file whose contents begin at `block`.
    subscript(block: UInt32) -> ContentDigest? { digests[block] }

    /// Adds a digest.
    mutating func insert(_ digest: ContentDigest, at block: UInt32) {
        if digests.updateValue(digest, forKey: block) != digest { unsaved += 1 }
    }

    /// Takes over what another table knows.
    mutating func merge(_ other: ContentSums) { digests.merge(other.digests) { mine, _ in mine } }

    /// Writes the table, whole or not at all.
    mutating func save(to path: FilePath, of diffID: ContentDigest, scratch: ScratchFolder) throws {
        var records: [UInt8] = []
        records.reserveCapacity(digests.count * Self.recordLength)
        for (block, digest) in digests.sorted(by: { $0.key < $1.key }) {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                records.append(UInt8(truncatingIfNeeded: block >> shift))
            }
            records += digest.bytes
        }
        let bytes = Self.signature + diffID.bytes + ContentDigest(of: records).bytes + records
        try unsafe bytes.withUnsafeBytes { try unsafe PositionedIO.replace(path, with: $0, scratch: scratch) }
        unsaved = 0
    }
}
