// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import SystemPackage

/// What earlier readings of one context root found out, as one file.
///
/// The file is only believed whole: another version, another root, or a checksum that doesn't hold make it empty, and
/// the next save replaces it. An entry is stored only when its times lie clearly before the reading began, so that a
/// later change must show in them (git's "racily clean" rule).
///
/// Format, numbers little-endian: `REELSTAT`, version (u32), root path (u32 length, bytes), device and inode of the
/// root (u64 each), number of records (u32), records in byte order of their paths, number of layers (u32), layers
/// (key, DiffID: 32 bytes each), SHA-256 of everything before. A record: path (u32 length, bytes), device, inode,
/// size, mtime, ctime (u64 each, times in nanoseconds), SHA-256, number of attributes (u32), attributes (name and
/// value, each with u32 length).
struct StatCache {
    /// How far before the beginning of a reading a time must lie to be trusted: two ticks of the kernel's clock.
    static let granularity: Int64 = 20_000_000
    /// The same for file systems that keep whole seconds (or two, as FAT does).
    static let coarseGranularity: Int64 = 2_100_000_000
    /// How many layers are remembered, the latest first.
    static let rememberedLayers = 16

    struct Record {
        var stamp: FileStamp
        var digest: ContentDigest
        var xattrs: [ExtendedAttribute]
    }

    /// A context and its layer.
    struct KnownLayer: Equatable {
        let key: ContentDigest
        let diffID: ContentDigest
    }

    var layers: [KnownLayer] = []
    private var bytes: [UInt8] = []
    /// Where the records start; one more for the end.
    private var offsets: [Int] = []

    /// The number of records.
    var count: Int { max(0, offsets.count - 1) }

    /// Starts empty.
    init() {}

    /// Reads `file`; anything wrong with it gives an empty cache.
    init(loading file: FilePath, root: FilePath, status: FileStatus) {
        guard let found = Self.contents(of: file), found.count > 32,
            Self.checksum(found, count: found.count - 32).bytes == Array(found.suffix(32))
        else { return }
        var reader = ByteReader(bytes: found, end: found.count - 32)
        guard reader.take(8) == Array("REELSTAT".utf8)[...], reader.word() == 1,
            reader.counted()?.elementsEqual(root.string.utf8) == true,
            reader.long() == status.stamp.device, reader.long() == status.stamp.inode, let count = reader.word()
        else { return }
        var starts: [Int] = []
        starts.reserveCapacity(Int(min(count, 1 << 20)) + 1)
        for _ in 0..<count {
            starts.append(reader.at)
            guard reader.skipRecord() else { return }
        }
        starts.append(reader.at)
        guard let known = reader.word() else { return }
        var layers: [KnownLayer] = []
        for _ in 0..<known {
            guard let key = reader.digest(), let diffID = reader.digest() else { return }
            layers.append(KnownLayer(key: key, diffID: diffID))
        }
        self.layers = layers
        bytes = found
        offsets = starts
    }

    /// The path of record `index`.
    func path(_ index: Int) -> ArraySlice<UInt8> {
        var reader = ByteReader(bytes: bytes, at: offsets[index])
        return reader.counted() ?? []
    }

    /// Record `index`.
    func record(_ index: Int) -> Record? {
        var reader = ByteReader(bytes: bytes, at: offsets[index])
        return reader.counted() == nil ? nil : reader.record()
    }

    /// The bytes of record `index`, path included.
    func raw(_ index: Int) -> ArraySlice<UInt8> { bytes[offsets[index]..<offsets[index + 1]] }

    /// Whether a file with these times can't have been changed without showing it after `start` (nanoseconds).
    static func isTrusted(_ stamp: FileStamp, readAfter start: Int64) -> Bool {
        let isCoarse = stamp.modified % 1_000_000_000 == 0 && stamp.changed % 1_000_000_000 == 0
        return max(stamp.modified, stamp.changed) < start - (isCoarse ? coarseGranularity : granularity)
    }

    /// The SHA-256 of the first `count` bytes.
    fileprivate static func checksum(_ bytes: [UInt8], count: Int) -> ContentDigest {
        var hasher = SHA256Hasher()
        hasher.update(bytes.span.extracting(first: count))
        return hasher.digest()
    }

    private static func contents(of file: FilePath) -> [UInt8]? {
        let descriptor = unsafe file.withPlatformString { unsafe reel_openat(AT_FDCWD, $0, O_RDONLY | O_CLOEXEC, 0) }
        guard descriptor >= 0 else { return nil }
        let open = ContextFile(descriptor)
        guard let size = open.status()?.stamp.size, size < 1 << 31 else { return nil }
        return try? open.readAll(size: Int(size))
    }
}

/// Builds a new cache file.
struct StatCacheWriter {
    private var records = Array("REELSTAT".utf8)
    private var count: UInt32 = 0
    /// Where the number of records goes.
    private let countOffset: Int

    init(root: FilePath, status: FileStatus) {
        records.append(word: 1)
        records.append(counted: Array(root.string.utf8))
        records.append(long: status.stamp.device)
        records.append(long: status.stamp.inode)
        countOffset = records.count
        records.append(word: 0)
    }

    mutating func append(raw: ArraySlice<UInt8>) {
        records.append(contentsOf: raw)
        count += 1
    }

    mutating func append(_ path: [UInt8], _ record: StatCache.Record) {
        records.append(counted: path)
        for number in [
            record.stamp.device, record.stamp.inode, UInt64(bitPattern: record.stamp.size),
            UInt64(bitPattern: record.stamp.modified), UInt64(bitPattern: record.stamp.changed),
        ] {
            records.append(long: number)
        }
        records.append(contentsOf: record.digest.bytes)
        records.append(word: UInt32(record.xattrs.count))
        for attribute in record.xattrs {
            records.append(counted: attribute.name)
            records.append(counted: attribute.value)
        }
        count += 1
    }

    /// The whole file.
    consuming func finish(layers: [StatCache.KnownLayer]) -> [UInt8] {
        var out = records
        records = []
        for position in 0..<4 { out[countOffset + position] = UInt8(truncatingIfNeeded: count >> UInt32(8 * position)) }
        out.append(word: UInt32(layers.count))
        for layer in layers {
            out.append(contentsOf: layer.key.bytes)
            out.append(contentsOf: layer.diffID.bytes)
        }
        out.append(contentsOf: StatCache.checksum(out, count: out.count).bytes)
        return out
    }
}

extension [UInt8] {
    fileprivate mutating func append(word: UInt32) {
        for shift: UInt32 in [0, 8, 16, 24] { append(UInt8(truncatingIfNeeded: word >> shift)) }
    }

    fileprivate mutating func append(long: UInt64) {
        append(word: UInt32(truncatingIfNeeded: long))
        append(word: UInt32(truncatingIfNeeded: long >> 32))
    }

    fileprivate mutating func append(counted bytes: [UInt8]) {
        append(word: UInt32(bytes.count))
        append(contentsOf: bytes)
    }
}

/// Reads numbers and byte strings, and says `nil` at the end instead of going beyond it.
private struct ByteReader {
    let bytes: [UInt8]
    var at = 0
    let end: Int

    init(bytes: [UInt8], at: Int = 0, end: Int? = nil) {
        self.bytes = bytes
        self.at = at
        self.end = end ?? bytes.count
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= end - at else { return nil }
        defer { at += count }
        return bytes[at..<at + count]
    }

    mutating func word() -> UInt32? {
        guard end - at >= 4 else { return nil }
        defer { at += 4 }
        return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3])
            << 24
    }

    mutating func long() -> UInt64? {
        guard let low = word(), let high = word() else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    mutating func counted() -> ArraySlice<UInt8>? { word().flatMap { take(Int($0)) } }

    mutating func digest() -> ContentDigest? { take(32).flatMap { try? ContentDigest(bytes: $0) } }

    /// Passes by a record, its path included.
    mutating func skipRecord() -> Bool {
        guard counted() != nil, take(72) != nil, let count = word() else { return false }
        for _ in 0..<count { guard counted() != nil, counted() != nil else { return false } }
        return true
    }

    /// A record after its path.
    mutating func record() -> StatCache.Record? {
        guard let device = long(), let inode = long(), let size = long(), let modified = long(), let changed = long(),
            let digest = digest(), let count = word()
        else { return nil }
        var xattrs: [ExtendedAttribute] = []
        for _ in 0..<count {
            guard let name = counted(), let value = counted() else { return nil }
            xattrs.append(ExtendedAttribute(name: Array(name), value: Array(value)))
        }
        let stamp = FileStamp(
            device: device,
            inode: inode,
            size: Int64(bitPattern: size),
            modified: Int64(bitPattern: modified),
            changed: Int64(bitPattern: changed)
        )
        return StatCache.Record(stamp: stamp, digest: digest, xattrs: xattrs)
    }
}
