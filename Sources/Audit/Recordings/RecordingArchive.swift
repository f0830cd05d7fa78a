// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import CLinux
import Glibc
import SystemPackage

/// The members of a recording's tar.
///
/// Two forms are read. The one that reel writes is told byte for byte. In one that another program packed again (skopeo
/// does, on the way from a registry) no header is as reel writes it; a mixture is a recording that somebody edited.
final class RecordingArchive {
    /// Where the contents of a member are.
    struct Place: Hashable, Sendable {
        var offset: Int64
        var length: Int64
    }

    let path: String
    private let file: FileDescriptor
    /// The files by name.
    private(set) var members: [String: Place] = [:]
    /// Whether every byte outside of the contents is as reel writes it.
    private(set) var isOwn = false

    /// Opens the file and reads its headers.
    ///
    /// - Throws: `RecordingError`.
    init(_ path: FilePath) throws {
        self.path = path.string
        let raw = unsafe reel_openat(AT_FDCWD, path.string, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0)
        guard raw >= 0 else {
            let code = currentErrno()
            if code == ENOENT { throw RecordingError.unreadable(path: path.string, reason: "there is no such file") }
            throw SystemCallError("open", path.string, code: code)
        }
        file = FileDescriptor(rawValue: raw)
        var status = stat()
        guard unsafe fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw RecordingError.unreadable(
                path: path.string,
                reason: "a recording is read from a regular file, which this is not"
            )
        }
        try scan(length: Int64(status.st_size))
    }

    deinit { try? file.close() }

    // MARK: Contents

    /// The digest of a member's contents.
    func digest(of place: Place) throws -> ContentDigest {
        var hasher = SHA256Hasher()
        try unsafe forEachPiece(of: place) { piece in unsafe hasher.update(piece) }
        return hasher.digest()
    }

    /// A member's contents.
    func read(_ place: Place, limit: Int64) throws -> [UInt8] {
        guard place.length <= limit else { throw damaged("a document in it has \(place.length) bytes") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(place.length))
        try unsafe forEachPiece(of: place) { piece in unsafe bytes.append(contentsOf: piece) }
        return bytes
    }

    /// Calls `body` with the contents in pieces of at most 1 MiB.
    func forEachPiece(of place: Place, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: Int(min(max(place.length, 1), 1 << 20)))
        var done: Int64 = 0
        while done < place.length {
            let count = try read(into: &buffer, at: place.offset + done, most: place.length - done)
            guard count > 0 else { throw cutOff }
            try unsafe buffer.withUnsafeBytes { try unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            done += Int64(count)
        }
    }

    private func read(into buffer: inout [UInt8], at offset: Int64, most: Int64) throws -> Int {
        let wanted = Int(min(most, Int64(buffer.count)))
        while true {
            let count = unsafe pread(file.rawValue, &buffer, wanted, off_t(offset))
            if count >= 0 { return count }
            guard currentErrno() == EINTR else { throw SystemCallError("read", path) }
        }
    }

    // MARK: Headers

    private func damaged(_ reason: String) -> RecordingError { .damaged(path: path, reason: reason) }
    private var cutOff: RecordingError { damaged("it is cut off") }

    private func scan(length: Int64) throws {
        var (at, own, count) = (Int64(0), 0, 0)
        var last = ""
        while true {
            let start = at
            guard let header = try header(at: &at) else { break }
            count += 1
            guard count <= RecordingFormat.mostMembers else {
                throw RecordingError.unreadable(
                    path: path,
                    reason: "it has more than \(RecordingFormat.mostMembers) members; no recording has so many"
                )
            }
            if try bytes(from: start, to: at) == header.canonical, last < header.name { own += 1 }
            last = header.name
            guard header.isFolder || members[header.name] == nil else { throw damaged("'\(header.name)' stands twice") }
            guard header.size <= length - at else { throw cutOff }
            if !header.isFolder { members[header.name] = Place(offset: at, length: header.size) }
            let end = at + header.size
            at = (end + 511) & ~511
            guard at <= length else { throw cutOff }
            guard try bytes(from: end, to: at).allSatisfy({ $0 == 0 }) else {
                throw damaged("there are bytes behind '\(header.name)' that belong to nothing")
            }
        }
        guard members["index.json"] != nil, members["oci-layout"] != nil else {
            throw RecordingError.unreadable(path: path, reason: "this is no recording, but another tar")
        }
        guard own == 0 || own == count else { throw damaged("its tar headers were changed") }
        try checkEnd(from: at, length: length, isOwn: own == count)
        isOwn = own == count && count == members.count + 2
        guard isOwn || own == 0 else { throw damaged("its folders were changed") }
    }

    /// Nothing but zeros may follow; in reel's own form exactly as many as it writes.
    private func checkEnd(from at: Int64, length: Int64, isOwn: Bool) throws {
        let rest = length - at
        guard rest >= Int64(LayoutArchive.end.count) else { throw cutOff }
        guard isOwn ? rest == Int64(LayoutArchive.end.count) : rest <= 1 << 20,
            try bytes(from: at, to: length).allSatisfy({ $0 == 0 })
        else { throw damaged("bytes follow its end") }
    }

    private struct Header {
        var name: String
        var size: Int64
        var isFolder: Bool
        /// What reel writes for such a member.
        var canonical: [UInt8] {
            isFolder ? LayoutArchive.header(ofFolder: name) : LayoutArchive.header(ofFile: name, size: size)
        }
    }

    /// The header at `at`, which is moved behind it; `nil` at a block of zeros.
    private func header(at: inout Int64) throws -> Header? {
        var long: (name: String?, size: Int64?) = (nil, nil)
        while true {
            let block = try bytes(from: at, to: at + 512)
            if at == 0 { try checkKind(block) }
            if block.allSatisfy({ $0 == 0 }) { return nil }
            guard Self.hasValidChecksum(block), let size = Self.number(block[124..<136]) else {
                throw damaged("there is no tar header at byte \(at)")
            }
            at += 512
            switch block[156] {
            case UInt8(ascii: "x"), UInt8(ascii: "g"):
                guard size <= 64 << 10 else { throw damaged("an extended header has \(size) bytes") }
                let records = try bytes(from: at, to: at + size)
                at = (at + size + 511) & ~511
                if block[156] == UInt8(ascii: "x") { Self.read(records, into: &long) }
            case UInt8(ascii: "0"), 0, UInt8(ascii: "5"):
                let isFolder = block[156] == UInt8(ascii: "5")
                var name = long.name ?? Self.text(block[0..<100])
                while name.hasPrefix("./") { name.removeFirst(2) }
                while name.hasSuffix("/") { name.removeLast() }
                let size = isFolder ? 0 : long.size ?? size
                guard Self.isKnown(name, isFolder: isFolder), size >= 0 else {
                    throw RecordingError.unreadable(
                        path: path,
                        reason: "this is no recording: it has a member '\(name.prefix(80))'"
                    )
                }
                return Header(name: name, size: size, isFolder: isFolder)
            default:
                throw RecordingError.unreadable(
                    path: path,
                    reason: "this is no recording: a member is no file and no folder"
                )
            }
        }
    }

    private static func isKnown(_ name: String, isFolder: Bool) -> Bool {
        if isFolder { return name == "blobs" || name == "blobs/sha256" || name == "." || name.isEmpty }
        if name == "index.json" || name == "oci-layout" { return true }
        return name.hasPrefix("blobs/sha256/") && (try? ContentDigest(hex: name.dropFirst(13))) != nil
    }

    /// What the first bytes say the file is.
    private func checkKind(_ block: [UInt8]) throws {
        let kinds: [([UInt8], String, String)] = [
            ([0x1F, 0x8B], "gzip", "gunzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz", "unxz"), ([0x42, 0x5A, 0x68], "bzip2", "bunzip2"),
        ]
        for (magic, kind, program) in kinds where block.starts(with: magic) {
            throw RecordingError.unreadable(
                path: path,
                reason: "it is compressed (\(kind)), and a recording is not; undo that with '\(program)' first"
            )
        }
        guard Self.hasValidChecksum(block) else {
            throw RecordingError.unreadable(path: path, reason: "this is no recording: it is no tar")
        }
    }

    private func bytes(from start: Int64, to end: Int64) throws -> [UInt8] {
        guard end > start else { return [] }
        return try read(Place(offset: start, length: end - start), limit: .max)
    }

    private static func hasValidChecksum(_ block: [UInt8]) -> Bool {
        guard let stated = number(block[148..<156]), stated > 0 else { return false }
        var sum: Int64 = 8 * 0x20
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) { sum += Int64(byte) }
        return sum == stated
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String {
        String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or base 256 where the first bit is set, as GNU tar writes large sizes.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if field.first == 0x80 { return Int64(exactly: field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        return digits.isEmpty ? 0 : Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    /// Takes `path` and `size` of pax records.
    private static func read(_ records: [UInt8], into long: inout (name: String?, size: Int64?)) {
        var rest = records[...]
        while let space = rest.firstIndex(of: 0x20), let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
            length > space - rest.startIndex + 1, length <= rest.count
        {
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = String(decoding: record[(equals + 1)...], as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": long.name = value
            case "size": long.size = Int64(value)
            default: break
            }
        }
    }
}
