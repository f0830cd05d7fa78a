// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// One header block of a tar, parsed.
struct TarHeader {
    let type: UInt8
    /// The size field; the length of an extended header's records.
    let size: Int64
    private var fields = TarMember()

    /// The bytes that follow, padding included.
    var paddedSize: Int64 { (size + 511) & ~511 }

    /// Parses the 512 bytes at `offset` of the archive.
    ///
    /// - Returns: `nil` for a block of zeros.
    /// - Throws: `LayerError.malformed`.
    init?(_ block: UnsafeRawBufferPointer, at offset: Int64) throws {
        if unsafe Self.isZero(block) { return nil }
        func field(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer {
            unsafe UnsafeRawBufferPointer(rebasing: block[start..<start + length])
        }
        func number(_ start: Int, _ length: Int, _ name: String) throws -> Int64 {
            guard let value = unsafe TarNumber.parse(field(start, length)) else {
                throw LayerError.malformed(offset: offset, reason: "the field '\(name)' of a header is no number")
            }
            return value
        }
        guard unsafe Self.hasValidChecksum(block, stated: TarNumber.parse(field(148, 8))) else {
            throw LayerError.malformed(offset: offset, reason: "no tar header (its checksum is wrong)")
        }
        unsafe type = block[156]
        size = try number(124, 12, "size")
        guard size >= 0 else { throw LayerError.malformed(offset: offset, reason: "a header with a negative size") }
        guard let uid = UInt32(exactly: try number(108, 8, "uid")), let gid = UInt32(exactly: try number(116, 8, "gid"))
        else { throw LayerError.malformed(offset: offset, reason: "an owner's number that has more than 32 bits") }
        fields.uid = uid
        fields.gid = gid
        fields.mode = UInt16(truncatingIfNeeded: try number(100, 8, "mode") & 0o7777)
        fields.modified = Timestamp(seconds: try number(136, 12, "mtime"), nanoseconds: 0)
        unsafe fields.path = Self.text(field(0, 100))
        unsafe fields.link = Self.text(field(157, 100))
        if unsafe field(257, 6).elementsEqual("ustar\0".utf8) {
            let isStar = unsafe field(508, 4).elementsEqual("tar\0".utf8)
            let prefix = unsafe Self.text(field(345, isStar ? 131 : 155))
            if !prefix.isEmpty { fields.path = prefix + [UInt8(ascii: "/")] + fields.path }
        }
        if type == TarType.characterDevice || type == TarType.blockDevice {
            guard let major = UInt32(exactly: try number(329, 8, "devmajor")), major < 1 << 12,
                let minor = UInt32(exactly: try number(337, 8, "devminor")), minor < 1 << 20
            else { throw LayerError.malformed(offset: offset, reason: "a device number that Linux does not have") }
            fields.device = DeviceNumber(major: major, minor: minor)
        }
    }

    /// The member that this header and the extended ones before it describe.
    func member(_ records: PaxRecords, longName: [UInt8]?, longLink: [UInt8]?) -> TarMember {
        var member = fields
        member.path = records.path ?? longName ?? fields.path
        member.link = records.linkPath ?? longLink ?? fields.link
        member.uid = records.uid ?? fields.uid
        member.gid = records.gid ?? fields.gid
        member.modified = records.modified ?? fields.modified
        member.xattrs = records.xattrs
        member.type = type
        if type == TarType.oldRegular || type == TarType.contiguous { member.type = TarType.regular }
        let hasContents =
            ![
                TarType.hardLink, TarType.symbolicLink, TarType.characterDevice, TarType.blockDevice,
                TarType.directory, TarType.fifo,
            ].contains(member.type)
        member.size = hasContents ? records.size ?? size : 0
        if member.type == TarType.regular, member.path.last == UInt8(ascii: "/") { member.type = TarType.directory }
        return member
    }

    private static func text(_ field: UnsafeRawBufferPointer) -> [UInt8] {
        let end = unsafe field.firstIndex(of: 0) ?? field.count
        return unsafe Array(field[..<end])
    }

    private static func isZero(_ block: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<64 where unsafe block.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) != 0 {
            return false
        }
        return true
    }

    /// The sum of all bytes with the checksum's own field as spaces; old programs summed signed bytes.
    private static func hasValidChecksum(_ block: UnsafeRawBufferPointer, stated: Int64?) -> Bool {
        var unsigned: Int64 = 8 * 32
        for index in block.indices { unsigned += Int64(unsafe block[index]) }
        for index in 148..<156 { unsafe unsigned -= Int64(block[index]) }
        if stated == unsigned { return true }
        var signed: Int64 = 8 * 32
        for index in block.indices { signed += Int64(Int8(bitPattern: unsafe block[index])) }
        for index in 148..<156 { unsafe signed -= Int64(Int8(bitPattern: block[index])) }
        return stated == signed
    }
}
