// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The bytes of a tar in pieces, from the first to the last.
protocol TarSource: AnyObject {
    /// The next piece, valid until the next call; `nil` at the end.
    func next() throws -> UnsafeRawBufferPointer?
    /// Leaves out up to `count` bytes where that costs less than reading them; returns how many it left out.
    func skip(_ count: Int64) throws -> Int64
}

/// Reads the members of a tar one after the other: ustar, GNU and pax forms.
///
/// Contents are passed over.
///
/// Source: POSIX.1-2017, `pax`; GNU tar manual, "Tar Internals".
@safe final class TarReader {
    private let source: any TarSource
    private var window = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    private let block: UnsafeMutableRawBufferPointer
    private var global = PaxRecords()
    /// How many bytes have been read or passed over.
    private(set) var offset: Int64 = 0

    /// The most bytes of one extended header.
    private static let longestExtension: Int64 = 4 << 20
    /// The most bytes behind the end mark: padding of any sensible record size.
    private static let longestTrailer: Int64 = 16 << 20

    init(_ source: any TarSource) {
        self.source = source
        unsafe block = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)
    }

    deinit { unsafe block.deallocate() }

    /// The next member, or `nil` at the end mark or the end of the bytes.
    ///
    /// The contents of the one before are passed.
    func next() throws -> TarMember? {
        var local = PaxRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        let start = offset
        while try readBlock() {
            let header = try unsafe TarHeader(UnsafeRawBufferPointer(block), at: offset - 512)
            guard let header else {
                try finish()
                return nil
            }
            switch header.type {
            case TarType.extended, TarType.solarisExtended:
                try readRecords(header, into: &local)
            case TarType.globalExtended:
                try readRecords(header, into: &global)
            case TarType.gnuLongName:
                longName = try readText(header)
            case TarType.gnuLongLink:
                longLink = try readText(header)
            case TarType.gnuVolumeLabel:
                try pass(header.paddedSize)
            default:
                var member = header.member(local.over(global), longName: longName, longLink: longLink)
                member.dataOffset = offset
                member.headerOffset = start
                try check(member, header, local)
                return member
            }
        }
        guard offset == start else {
            throw LayerError.malformed(offset: offset, reason: "it ends after an extended header")
        }
        return nil
    }

    /// Passes over the contents of `member`, which is the one that `next()` gave last.
    func passContents(of member: TarMember) throws { try pass((member.size + 511) & ~511) }

    private func check(_ member: TarMember, _ header: TarHeader, _ local: PaxRecords) throws {
        if member.type == TarType.gnuSparse || local.isSparse || global.isSparse {
            throw LayerError.unsupported(
                path: member.displayPath,
                reason: "it is a GNU sparse member; make the tar without --sparse"
            )
        }
        guard member.size <= Int64.max - offset - 1024 else {
            throw LayerError.malformed(
                offset: member.headerOffset,
                reason: "'\(member.displayPath)' has an absurd size"
            )
        }
    }

    private func readRecords(_ header: TarHeader, into records: inout PaxRecords) throws {
        let at = offset
        if let wrong = records.read(try readExtension(header)) { throw LayerError.malformed(offset: at, reason: wrong) }
        guard records.xattrs.count <= 1024 else {
            throw LayerError.malformed(offset: at, reason: "more than 1024 extended attributes")
        }
    }

    private func readText(_ header: TarHeader) throws -> [UInt8] {
        let bytes = try readExtension(header)
        return Array(bytes.prefix { $0 != 0 })
    }

    private func readExtension(_ header: TarHeader) throws -> [UInt8] {
        guard header.size <= Self.longestExtension else {
            throw LayerError.malformed(offset: offset - 512, reason: "an extended header of \(header.size) bytes")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(header.size))
        while bytes.count < Int(header.size) {
            guard try readBlock() else {
                throw LayerError.malformed(offset: offset, reason: "it ends in an extended header")
            }
            unsafe bytes.append(contentsOf: block.prefix(Int(header.size) - bytes.count))
        }
        return bytes
    }

    /// Puts the next 512 bytes into `block`; `false` at the end.
    private func readBlock() throws -> Bool {
        var have = 0
        while have < 512 {
            guard try refill() else { break }
            let part = min(512 - have, unsafe window.count)
            unsafe UnsafeMutableRawBufferPointer(rebasing: block[have..<have + part])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: window[..<part]))
            unsafe window = UnsafeRawBufferPointer(rebasing: window[part...])
            have += part
        }
        offset += Int64(have)
        guard have == 0 || have == 512 else {
            throw LayerError.malformed(offset: offset, reason: "it ends within a header")
        }
        return have == 512
    }

    /// Makes sure that there are bytes in the window; `false` at the end.
    private func refill() throws -> Bool {
        while unsafe window.isEmpty {
            guard let piece = try unsafe source.next() else { return false }
            unsafe window = piece
        }
        return true
    }

    private func pass(_ count: Int64) throws {
        let target = offset + count
        while offset < target {
            if unsafe window.isEmpty {
                let skipped = try source.skip(target - offset)
                offset += skipped
                if offset == target { return }
                guard try refill() else {
                    throw LayerError.malformed(offset: offset, reason: "it ends within the contents of a file")
                }
            }
            let part = Int(min(target - offset, unsafe Int64(window.count)))
            unsafe window = UnsafeRawBufferPointer(rebasing: window[part...])
            offset += Int64(part)
        }
    }

    /// Reads what follows the first block of zeros: another one, then padding.
    private func finish() throws {
        if try readBlock(), try unsafe TarHeader(UnsafeRawBufferPointer(block), at: offset - 512) != nil {
            throw LayerError.malformed(offset: offset - 512, reason: "members follow a lone block of zeros")
        }
        let end = offset
        while try refill() {
            offset += unsafe Int64(window.count)
            unsafe window = UnsafeRawBufferPointer(start: nil, count: 0)
            guard offset - end <= Self.longestTrailer else {
                throw LayerError.limit(
                    "more than \(Self.longestTrailer >> 20) MiB follow the end of the tar at byte \(end)"
                )
            }
        }
    }
}
