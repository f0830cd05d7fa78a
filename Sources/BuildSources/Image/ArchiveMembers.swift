// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// Where the members of an uncompressed tar are.
///
/// Only what archives of images need is read: names, sizes, contents of regular files, and links between members.
///
/// Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Tar Internals".
struct ArchiveMembers: Sendable {
    /// Where contents are, in bytes from the start of the archive.
    struct Place: Hashable, Sendable {
        let offset: Int64
        let length: Int64
    }

    private enum Member: Sendable {
        case file(Place)
        case link(String)
    }

    private var members: [String: Member] = [:]
    /// How many members have names that no archive of an image gives.
    private(set) var strangers = 0

    /// More members than this, none of them an image's, are no archive of an image.
    private static let mostStrangers = 256
    /// No archive of an image has more members.
    private static let mostMembers = 100_000

    /// Whether a file of that name is there.
    func contains(_ name: String) -> Bool { members[name] != nil }

    /// Where the contents of `name` are, through links between members.
    ///
    /// - Throws: `ImageImportError.malformed` for links that go round.
    func place(of name: String, path: String) throws -> Place? {
        var name = name
        for _ in 0..<16 {
            switch members[name] {
            case nil: return nil
            case .file(let place): return place
            case .link(let target): name = target
            }
        }
        throw ImageImportError.malformed(path: path, reason: "the links from '\(name)' go round in a ring")
    }

    /// Reads the headers of `archive`.
    ///
    /// Stops early when it is clear that this is a root file system and no archive of an image.
    ///
    /// - Returns: `nil` where the first block is no tar header.
    /// - Throws: `ImageImportError.malformed` for a tar that is damaged further on.
    init?(_ archive: ArchiveFile) throws {
        var scanner = HeaderScanner(archive: archive)
        guard try scanner.isTar() else { return nil }
        while let header = try scanner.next() {
            switch header.type {
            case UInt8(ascii: "0"), 0, UInt8(ascii: "7"):
                members[header.name] = .file(Place(offset: header.offset, length: header.size))
            case UInt8(ascii: "1"): members[header.name] = .link(Self.normal(header.link))
            case UInt8(ascii: "2"): members[header.name] = .link(Self.resolve(header.link, from: header.name))
            default: break
            }
            if !Self.isUsual(header.name) { strangers += 1 }
            if strangers > Self.mostStrangers { return }
            guard members.count <= Self.mostMembers else {
                throw ImageImportError.malformed(path: archive.name, reason: "it has too many members for an image")
            }
        }
    }

    /// Whether archives of images have such members: `blobs/`, the documents, and what is named by a digest.
    private static func isUsual(_ name: String) -> Bool {
        let first = name.split(separator: "/").first.map(String.init) ?? name
        if ["blobs", "index.json", "oci-layout", "manifest.json", "repositories"].contains(first) { return true }
        let hex = first.hasPrefix("sha256:") ? first.dropFirst(7) : first[...]
        return hex.count >= 64 && hex.prefix(64).allSatisfy(\.isHexDigit)
    }

    /// The target of a symbolic link as a name in the archive.
    private static func resolve(_ target: String, from name: String) -> String {
        let folder = target.hasPrefix("/") ? "" : name.split(separator: "/").dropLast().joined(separator: "/")
        return normal(folder + "/" + target)
    }

    /// A name without `.`, `..` and superfluous slashes.
    fileprivate static func normal(_ name: String) -> String {
        var parts: [Substring] = []
        for part in name.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}

/// Goes through the headers of a tar.
private struct HeaderScanner {
    struct Header {
        var name: String
        var link: String
        var type: UInt8
        var size: Int64
        /// Where the contents begin.
        var offset: Int64
    }

    let archive: ArchiveFile
    private var at: Int64 = 0

    init(archive: ArchiveFile) { self.archive = archive }

    /// Whether the first block is a header with a valid checksum.
    func isTar() throws -> Bool {
        guard let block = try block(at: 0) else { return false }
        return Self.hasValidChecksum(block)
    }

    /// The next member; `nil` at the end.
    mutating func next() throws -> Header? {
        var long: (name: String?, link: String?, size: Int64?) = (nil, nil, nil)
        while true {
            guard let block = try block(at: at), block.contains(where: { $0 != 0 }) else { return nil }
            guard Self.hasValidChecksum(block), let size = Self.number(block[124..<136]) else {
                throw ImageImportError.malformed(path: archive.name, reason: "no tar header at byte \(at)")
            }
            var header = Header(
                name: Self.text(block[0..<100]),
                link: Self.text(block[157..<257]),
                type: block[156],
                size: size,
                offset: at + 512
            )
            if block[257..<263].elementsEqual("ustar\u{0}".utf8) {
                let prefix = Self.text(block[345..<500])
                if !prefix.isEmpty { header.name = prefix + "/" + header.name }
            }
            switch header.type {
            case UInt8(ascii: "L"): long.name = Self.text(try contents(of: header)[...])
            case UInt8(ascii: "K"): long.link = Self.text(try contents(of: header)[...])
            case UInt8(ascii: "x"): Self.read(try contents(of: header), into: &long)
            case UInt8(ascii: "g"): break
            default:
                header.name = ArchiveMembers.normal(long.name ?? header.name)
                header.link = long.link ?? header.link
                header.size = long.size ?? header.size
                try pass(header.size)
                return header
            }
            try pass(header.size)
        }
    }

    private mutating func pass(_ size: Int64) throws {
        let (next, overflow) = at.addingReportingOverflow(512 + (size & ~511))
        guard size >= 0, !overflow, next < .max - 512 else {
            throw ImageImportError.malformed(path: archive.name, reason: "a member at byte \(at) has an absurd size")
        }
        at = next + (size % 512 == 0 ? 0 : 512)
    }

    private func contents(of header: Header) throws -> [UInt8] {
        let range = FileRange(file: archive, offset: header.offset, length: header.size)
        return try range.read(limit: 1 << 20, subject: "an extended header", path: archive.name)
    }

    /// The 512 bytes at `offset`; `nil` where the file ends.
    private func block(at offset: Int64) throws -> [UInt8]? {
        var block = [UInt8](repeating: 0, count: 512)
        let got = unsafe pread(archive.descriptor.rawValue, &block, 512, off_t(offset))
        guard got >= 0 else { throw SystemCallError("pread", archive.name) }
        return got == 512 ? block : nil
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

    /// Octal digits, or base 256 where the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80, field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            let value = field.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int64(exactly: value)
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        return digits.isEmpty ? 0 : Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private static func read(_ records: [UInt8], into long: inout (name: String?, link: String?, size: Int64?)) {
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
            case "linkpath": long.link = value
            case "size": long.size = Int64(value)
            default: break
            }
        }
    }
}
