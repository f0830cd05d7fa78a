// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// One entry of a tar that is exported.
struct TarEntry {
    /// The path, relative, without a slash at its end.
    var path: [UInt8]
    var attributes: FileAttributes
    /// The length of the contents that follow.
    var size: Int64 = 0
    /// The target of a symbolic link, or of a hard link if `isHardLink`.
    var link: [UInt8] = []
    var isHardLink = false
}

/// Headers in the form of layers: ustar, with a pax header before what does not fit, and nothing that varies.
///
/// Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Extended Header"; star(5) for `SCHILY.xattr.`.
enum TarEntryEncoder {
    /// What follows the last entry.
    static let end = [UInt8](repeating: 0, count: 1024)

    private static let largestOwner: UInt32 = 0o7_777_777
    private static let largestSize: Int64 = 0o77_777_777_777

    /// How many zero bytes follow contents of `size` bytes.
    static func padding(after size: Int64) -> Int { Int((512 - size % 512) % 512) }

    /// The header of `entry`, or its headers.
    static func headers(_ entry: TarEntry) -> [UInt8] {
        var path = entry.path
        if entry.attributes.kind == .directory { path.append(UInt8(ascii: "/")) }
        let split = splitPoint(of: path)
        var out: [UInt8] = []
        let records = records(of: entry, path: split == nil ? path : nil)
        if !records.isEmpty {
            var extended = HeaderBlock(name: "PaxHeaders"[...].utf8, mode: 0o644, size: Int64(records.count))
            out += extended.sealed(type: UInt8(ascii: "x"))
            out += records
            out += [UInt8](repeating: 0, count: padding(after: Int64(records.count)))
        }
        let attributes = entry.attributes
        var block = HeaderBlock(
            name: split.map { path[($0 == 0 ? 0 : $0 + 1)...] } ?? path.prefix(100),
            mode: attributes.mode,
            size: entry.size > largestSize ? 0 : entry.size
        )
        if let split, split > 0 { block.put(path[..<split], at: 345) }
        block.number(attributes.uid > largestOwner ? 0 : Int64(attributes.uid), at: 108, digits: 7)
        block.number(attributes.gid > largestOwner ? 0 : Int64(attributes.gid), at: 116, digits: 7)
        let seconds = attributes.modified.seconds
        block.number((0...largestSize).contains(seconds) ? seconds : 0, at: 136, digits: 11)
        block.put(entry.link.prefix(100), at: 157)
        block.number(Int64(attributes.device.major), at: 329, digits: 7)
        block.number(Int64(attributes.device.minor), at: 337, digits: 7)
        out += block.sealed(type: type(of: entry))
        return out
    }

    private static func type(of entry: TarEntry) -> UInt8 {
        if entry.isHardLink { return UInt8(ascii: "1") }
        return switch entry.attributes.kind {
        case .regular, .socket, .whiteout: UInt8(ascii: "0")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }

    /// How much of `path` goes into the prefix field; 0 if nothing need, `nil` if no split fits.
    private static func splitPoint(of path: [UInt8]) -> Int? {
        if path.count <= 100 { return 0 }
        guard path.count <= 256 else { return nil }
        return (path.count - 101...min(155, path.count - 2)).last { $0 > 0 && path[$0] == UInt8(ascii: "/") }
    }

    /// The pax records that `entry` needs, in byte order of their keys.
    private static func records(of entry: TarEntry, path: [UInt8]?) -> [UInt8] {
        var out: [UInt8] = []
        let attributes = entry.attributes
        func append(_ key: [UInt8], _ value: [UInt8]) {
            let rest = key.count + value.count + 3
            var length = rest + 1
            while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
            out += Array("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value + [UInt8(ascii: "\n")]
        }
        func append(_ key: String, _ value: String) { append(Array(key.utf8), Array(value.utf8)) }
        for attribute in attributes.xattrs { append(Array("SCHILY.xattr.".utf8) + attribute.name, attribute.value) }
        if attributes.gid > largestOwner { append("gid", String(attributes.gid)) }
        if entry.link.count > 100 { append(Array("linkpath".utf8), entry.link) }
        if let time = timeRecord(attributes.modified) { append("mtime", time) }
        if let path { append(Array("path".utf8), path) }
        if entry.size > largestSize { append("size", String(entry.size)) }
        if attributes.uid > largestOwner { append("uid", String(attributes.uid)) }
        return out
    }

    /// The time in seconds with a fraction, where the header can't hold it.
    private static func timeRecord(_ time: Timestamp) -> String? {
        let fraction = time.nanoseconds.magnitude % 1_000_000_000
        if fraction == 0, (0...largestSize).contains(time.seconds) { return nil }
        var text = (time.nanoseconds < 0 ? "-" : "") + String(time.nanoseconds.magnitude / 1_000_000_000)
        if fraction != 0 {
            let digits = String(fraction)
            text += "." + String(repeating: "0", count: 9 - digits.count) + digits
            while text.hasSuffix("0") { text.removeLast() }
        }
        return text
    }
}

/// One header of 512 bytes that is being filled.
private struct HeaderBlock {
    private var bytes = [UInt8](repeating: 0, count: 512)

    init(name: some Collection<UInt8>, mode: UInt16, size: Int64) {
        put(name, at: 0)
        number(Int64(mode), at: 100, digits: 7)
        number(0, at: 108, digits: 7)
        number(0, at: 116, digits: 7)
        number(size, at: 124, digits: 11)
        number(0, at: 136, digits: 11)
        put("ustar\u{0}00".utf8, at: 257)
        number(0, at: 329, digits: 7)
        number(0, at: 337, digits: 7)
    }

    mutating func put(_ value: some Collection<UInt8>, at offset: Int) {
        bytes.replaceSubrange(offset..<offset + value.count, with: value)
    }

    /// Octal digits with leading zeros; the byte after them is NUL already.
    mutating func number(_ value: Int64, at offset: Int, digits: Int) {
        var rest = value
        for index in stride(from: offset + digits - 1, through: offset, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest & 7)
            rest >>= 3
        }
    }

    /// The finished block; the checksum counts its own field as spaces.
    mutating func sealed(type: UInt8) -> [UInt8] {
        bytes[156] = type
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148)
        let sum = bytes.reduce(Int64(0)) { $0 + Int64($1) }
        number(sum, at: 148, digits: 6)
        bytes[154] = 0
        return bytes
    }
}
