// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Writes members in reel's normalised form.
///
/// ustar headers with empty owner names; a pax header with sorted records before those that need it: paths or targets
/// that fit no ustar field, owners from 2^21 on, sizes from 8 GiB on, times with a fraction or outside of the field,
/// and extended attributes. Names are written as the bytes they are. No atime, no ctime. Two blocks of zeros end it.
enum TarEncoder {
    private static let slash = UInt8(ascii: "/")
    private static let largestOwner: UInt32 = 0o7_777_777
    private static let largestSize: Int64 = 0o77_777_777_777

    /// Appends the header, or headers, of `member` to `out`.
    ///
    /// - Parameter member: Its path without trailing slash; directories get theirs here, the root becomes `./`.
    static func append(_ member: TarMember, to out: BlobWriter) throws {
        var path = member.path.isEmpty ? [UInt8(ascii: ".")] : member.path
        if member.type == TarType.directory { path.append(slash) }
        let split = prefixLength(path)
        let records = records(member, path: split == nil ? path : nil)
        if !records.isEmpty {
            try unsafe appendBlock(to: out) { block in
                unsafe fill(block, name: "PaxHeaders"[...].utf8, mode: 0o644, size: Int64(records.count))
                unsafe seal(block, type: TarType.extended)
            }
            try out.write(records)
            try out.writeZeros(Int64(-records.count & 511))
        }
        try unsafe appendBlock(to: out) { block in
            let name = split.map { path[($0 == 0 ? 0 : $0 + 1)...] } ?? path.prefix(100)
            unsafe fill(block, name: name, mode: member.mode, size: min(member.size, largestSize))
            if let split, split > 0 { unsafe put(path[..<split], into: block, at: 345) }
            unsafe number(member.uid > largestOwner ? 0 : UInt64(member.uid), into: block, 108, 8)
            unsafe number(member.gid > largestOwner ? 0 : UInt64(member.gid), into: block, 116, 8)
            unsafe number(headerTime(member.modified), into: block, 136, 12)
            if member.size > largestSize { unsafe number(0, into: block, 124, 12) }
            unsafe put(member.link.prefix(100), into: block, at: 157)
            unsafe number(UInt64(member.device.major), into: block, 329, 8)
            unsafe number(UInt64(member.device.minor), into: block, 337, 8)
            unsafe seal(block, type: member.type)
        }
    }

    /// Appends what ends a tar.
    static func appendEnd(to out: BlobWriter) throws { try out.writeZeros(1024) }

    private static func appendBlock(to out: BlobWriter, _ body: (UnsafeMutableRawBufferPointer) -> Void) throws {
        try out.reserve(512)
        _ = try unsafe out.fill(limit: 512) { block in
            unsafe block.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe body(block)
            return 512
        }
    }

    /// How much of `path` goes into the prefix field: 0 if nothing need, `nil` if no split fits.
    private static func prefixLength(_ path: [UInt8]) -> Int? {
        if path.count <= 100 { return 0 }
        guard path.count <= 256 else { return nil }
        var at = min(155, path.count - 2)
        while at >= path.count - 101 && at > 0 {
            if path[at] == slash { return at }
            at -= 1
        }
        return nil
    }

    /// The pax records that `member` needs, in byte order of their keys.
    private static func records(_ member: TarMember, path: [UInt8]?) -> [UInt8] {
        var out: [UInt8] = []
        for attribute in member.xattrs {
            PaxRecords.append(PaxRecords.xattrPrefix + attribute.name, attribute.value, to: &out)
        }
        if member.gid > largestOwner {
            PaxRecords.append(Array("gid".utf8), TarNumber.decimal(Int64(member.gid)), to: &out)
        }
        if member.link.count > 100 { PaxRecords.append(Array("linkpath".utf8), member.link, to: &out) }
        if let time = timeRecord(member.modified) { PaxRecords.append(Array("mtime".utf8), time, to: &out) }
        if let path { PaxRecords.append(Array("path".utf8), path, to: &out) }
        if member.size > largestSize { PaxRecords.append(Array("size".utf8), TarNumber.decimal(member.size), to: &out) }
        if member.uid > largestOwner {
            PaxRecords.append(Array("uid".utf8), TarNumber.decimal(Int64(member.uid)), to: &out)
        }
        return out
    }

    private static func headerTime(_ time: Timestamp) -> UInt64 {
        (0...largestSize).contains(time.seconds) ? UInt64(time.seconds) : 0
    }

    /// The time as pax spells it, if the header can't hold it: a sign, seconds, and a fraction without last zeros.
    private static func timeRecord(_ time: Timestamp) -> [UInt8]? {
        let fraction = time.nanoseconds.magnitude % 1_000_000_000
        if fraction == 0 && (0...largestSize).contains(time.seconds) { return nil }
        var text = (time.nanoseconds < 0 ? "-" : "") + String(time.nanoseconds.magnitude / 1_000_000_000)
        if fraction != 0 {
            let digits = String(fraction)
            text += "." + String(repeating: "0", count: 9 - digits.count) + digits
            while text.hasSuffix("0") { text.removeLast() }
        }
        return Array(text.utf8)
    }

    private static func fill(
        _ block: UnsafeMutableRawBufferPointer,
        name: some Collection<UInt8>,
        mode: UInt16,
        size: Int64
    ) {
        unsafe put(name, into: block, at: 0)
        unsafe number(UInt64(mode), into: block, 100, 8)
        unsafe number(0, into: block, 108, 8)
        unsafe number(0, into: block, 116, 8)
        unsafe number(UInt64(size), into: block, 124, 12)
        unsafe number(0, into: block, 136, 12)
        unsafe put("ustar\u{0}00".utf8, into: block, at: 257)
        unsafe number(0, into: block, 329, 8)
        unsafe number(0, into: block, 337, 8)
    }

    private static func put(_ bytes: some Collection<UInt8>, into block: UnsafeMutableRawBufferPointer, at start: Int) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: block[start...]).copyBytes(from: bytes)
    }

    private static func number(_ value: UInt64, into block: UnsafeMutableRawBufferPointer, _ start: Int, _ length: Int)
    {
        unsafe TarNumber.format(value, into: UnsafeMutableRawBufferPointer(rebasing: block[start..<start + length]))
    }

    /// Writes type and checksum, which comes last: six octal digits, NUL, space.
    private static func seal(_ block: UnsafeMutableRawBufferPointer, type: UInt8) {
        unsafe block[156] = type
        for index in 148..<156 { unsafe block[index] = UInt8(ascii: " ") }
        var sum: UInt64 = 0
        for index in 0..<512 { unsafe sum += UInt64(block[index]) }
        unsafe number(sum, into: block, 148, 7)
    }
}
