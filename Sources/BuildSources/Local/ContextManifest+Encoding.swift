// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

extension ContextManifest {
    /// The first line, which names format and version.
    static let header = #"{"format":"reel.context","version":1}"#

    /// The text that is stored and hashed.
    public var encoded: [UInt8] {
        var writer = LineWriter(capacity: entries.count * 160 + 64)
        for entry in entries { Self.append(entry, to: &writer) }
        return writer.out
    }

    /// One line; the keys are in byte order.
    private static func append(_ entry: ContextEntry, to writer: inout LineWriter) {
        writer.begin()
        switch entry.content {
        case .directory:
            writer.mode(entry.mode)
            writer.path("path", entry.path)
            writer.word("type", "directory")
        case .file(let size, let digest):
            writer.mode(entry.mode)
            writer.path("path", entry.path)
            writer.hex("sha256", digest.bytes)
            writer.number("size", size)
            writer.word("type", "file")
        case .symbolicLink(let target):
            writer.path("path", entry.path)
            writer.path("target", target)
            writer.word("type", "symlink")
        case .hardLink(let target):
            writer.path("path", entry.path)
            writer.path("target", target)
            writer.word("type", "hardlink")
        }
        if !entry.xattrs.isEmpty { writer.attributes(entry.xattrs) }
        writer.end()
    }

    /// Reads what `encoded` wrote.
    ///
    /// - Throws: `ContextError.manifest` at the first line that is damaged, out of order, or of a later version.
    public init(parsing bytes: [UInt8]) throws {
        var entries: [ContextEntry] = []
        var modes: [[UInt8]: UInt16] = [:]
        for (index, line) in bytes.split(separator: 10).enumerated() {
            func damaged(_ reason: String) -> ContextError { .manifest(line: index + 1, reason: reason) }
            if index == 0 {
                guard line.elementsEqual(Self.header.utf8) else { throw damaged("another format or a later version") }
                continue
            }
            guard let object = try? JSONValue(parsing: line), var entry = Self.entry(of: object) else {
                throw damaged("not an entry of a context")
            }
            if let last = entries.last, !last.path.lexicographicallyPrecedes(entry.path) {
                throw damaged("out of order")
            }
            switch entry.content {
            case .file: modes[entry.path] = entry.mode
            case .hardLink(let target):
                guard let mode = modes[target] else { throw damaged("a hard link to no file before it") }
                entry.mode = mode
            case .directory, .symbolicLink: break
            }
            entries.append(entry)
        }
        guard !bytes.isEmpty else { throw ContextError.manifest(line: 1, reason: "it is empty") }
        self.init(entries: entries)
    }

    private static func entry(of object: JSONValue) -> ContextEntry? {
        guard let path = object["path"]?.text.flatMap(ContextPath.bytes), !path.isEmpty else { return nil }
        let mode = object["mode"]?.text.flatMap { UInt16($0, radix: 8) }
        let target = object["target"]?.text.flatMap(ContextPath.bytes)
        var xattrs: [ExtendedAttribute] = []
        for (name, value) in object["xattrs"]?.members ?? [:] {
            guard let name = ContextPath.bytes(name), let value = value.text.flatMap(unhex) else { return nil }
            xattrs.append(ExtendedAttribute(name: name, value: value))
        }
        xattrs.sort { $0.name.lexicographicallyPrecedes($1.name) }
        let content: ContextEntry.Content
        switch object["type"]?.text {
        case "directory" where mode != nil: content = .directory
        case "file" where mode != nil:
            guard let size = object["size"]?.integer, size >= 0, let hex = object["sha256"]?.text,
                let digest = try? ContentDigest(hex: hex)
            else { return nil }
            content = .file(size: size, digest: digest)
        case "symlink":
            guard let target else { return nil }
            content = .symbolicLink(target: target)
        case "hardlink":
            guard let target else { return nil }
            content = .hardLink(target: target)
        default: return nil
        }
        return ContextEntry(path: path, mode: mode ?? 0o777, content: content, xattrs: xattrs)
    }

    private static func unhex(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap(ContextPath.nibble)
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}

/// Writes the lines of a manifest; much quicker than building a `JSONValue`, and the same bytes.
private struct LineWriter {
    private(set) var out: [UInt8] = []
    private var isFirst = true

    /// Starts with the first line.
    init(capacity: Int) {
        out.reserveCapacity(capacity)
        out.append(contentsOf: ContextManifest.header.utf8)
        out.append(10)
    }

    mutating func begin() {
        isFirst = true
        out.append(UInt8(ascii: "{"))
    }

    mutating func end() {
        out.append(UInt8(ascii: "}"))
        out.append(10)
    }

    private mutating func key(_ name: StaticString) {
        if !isFirst { out.append(UInt8(ascii: ",")) }
        isFirst = false
        out.append(UInt8(ascii: "\""))
        unsafe out.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        out.append(UInt8(ascii: "\""))
        out.append(UInt8(ascii: ":"))
    }

    mutating func mode(_ mode: UInt16) {
        key("mode")
        out.append(UInt8(ascii: "\""))
        for shift: UInt16 in [9, 6, 3, 0] { out.append(UInt8(ascii: "0") + UInt8(mode >> shift & 7)) }
        out.append(UInt8(ascii: "\""))
    }

    mutating func word(_ name: StaticString, _ value: StaticString) {
        key(name)
        out.append(UInt8(ascii: "\""))
        unsafe out.append(contentsOf: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        out.append(UInt8(ascii: "\""))
    }

    mutating func number(_ name: StaticString, _ value: Int64) {
        key(name)
        out.append(contentsOf: String(value).utf8)
    }

    mutating func hex(_ name: StaticString, _ bytes: [UInt8]) {
        key(name)
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            out.append(ContextPath.hexDigit(byte >> 4))
            out.append(ContextPath.hexDigit(byte & 15))
        }
        out.append(UInt8(ascii: "\""))
    }

    mutating func path(_ name: StaticString, _ path: [UInt8]) {
        key(name)
        string(path)
    }

    private mutating func string(_ path: [UInt8]) {
        let isPlain = path.allSatisfy {
            (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\"") && $0 != ContextPath.backslash
        }
        if isPlain {
            out.append(UInt8(ascii: "\""))
            out.append(contentsOf: path)
            out.append(UInt8(ascii: "\""))
        } else {
            out.append(contentsOf: JSONValue.string(ContextPath.text(path)).canonicalBytes)
        }
    }

    mutating func attributes(_ attributes: [ExtendedAttribute]) {
        key("xattrs")
        let members = attributes.map { (ContextPath.text($0.name), JSONValue.string(Hexadecimal.string($0.value))) }
        out.append(contentsOf: JSONValue.object(Dictionary(members) { first, _ in first }).canonicalBytes)
    }
}
