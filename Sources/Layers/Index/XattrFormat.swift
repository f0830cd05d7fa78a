// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Extended attributes as EROFS stores them behind an inode.
///
/// Source: Linux, `Documentation/filesystems/erofs.rst` and `fs/erofs/erofs_fs.h`.
enum XattrFormat {
    /// Name prefixes that have an index; the access lists are whole names.
    private static let prefixes: [(index: UInt8, prefix: [UInt8])] = [
        (1, Array("user.".utf8)),
        (2, Array("system.posix_acl_access".utf8)),
        (3, Array("system.posix_acl_default".utf8)),
        (4, Array("trusted.".utf8)),
        (6, Array("security.".utf8)),
    ]
    private static let overlayPrefix = Array("trusted.overlay.".utf8)
    /// overlayfs's notes that change nothing about what a file is; they are left out of an index.
    private static let harmless = ["origin", "impure", "nlink", "uuid", "protattr"].map {
        Array("trusted.overlay.\($0)".utf8)
    }
    /// What overlayfs calls an opaque directory.
    static let opaqueName = Array("trusted.overlay.opaque".utf8)
    private static let headerLength = 12
    private static let mostBytes = 200_000

    /// The area behind the inode: header and entries, a multiple of 4 bytes.
    ///
    /// - Throws: `LayerError.unsupported` for a name or size that can't be kept.
    static func encode(_ attributes: [ExtendedAttribute], of path: [UInt8]) throws -> [UInt8] {
        var out = [UInt8](repeating: 0, count: headerLength)
        let sorted = attributes.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        for attribute in sorted {
            if let reason = obstacle(to: attribute) {
                throw LayerError.unsupported(path: String(decoding: path, as: UTF8.self), reason: reason)
            }
            append(attribute, to: &out)
        }
        guard out.count <= mostBytes else {
            throw LayerError.unsupported(
                path: String(decoding: path, as: UTF8.self),
                reason: "its extended attributes have more than 200000 bytes"
            )
        }
        return out
    }

    /// The attributes of a tar's member without those of overlayfs that mean nothing to others, as tars of upper
    /// directories have them, and whether one of these makes a directory opaque.
    static func withoutOverlayNotes(_ attributes: [ExtendedAttribute]) -> (kept: [ExtendedAttribute], isOpaque: Bool) {
        guard attributes.contains(where: { $0.name.starts(with: overlayPrefix) }) else { return (attributes, false) }
        let isOpaque = attributes.contains { $0.name == opaqueName && $0.value == [UInt8(ascii: "y")] }
        return (attributes.filter { $0.name != opaqueName && !harmless.contains($0.name) }, isOpaque)
    }

    /// The area with overlayfs's opaque mark added.
    static func addingOpaque(to area: ArraySlice<UInt8>) -> [UInt8] {
        var out = area.isEmpty ? [UInt8](repeating: 0, count: headerLength) : Array(area)
        append(ExtendedAttribute(name: opaqueName, value: [UInt8(ascii: "y")]), to: &out)
        return out
    }

    /// What keeps an attribute out of a layer, as a clause about the file.
    static func obstacle(to attribute: ExtendedAttribute) -> String? {
        let name = String(decoding: attribute.name, as: UTF8.self)
        guard let (index, prefix) = prefix(of: attribute.name) else {
            return "its extended attribute '\(name)' has a prefix that is not known"
        }
        let isWhole = index == 2 || index == 3
        if isWhole != (attribute.name.count == prefix.count) {
            return "its extended attribute '\(name)' has no valid name"
        }
        if attribute.name.starts(with: overlayPrefix) {
            return "its extended attribute '\(name)' is overlayfs's own"
        }
        if attribute.name.count - prefix.count > 255 || attribute.name.contains(UInt8(ascii: "="))
            || attribute.name.contains(0)
        {
            return "its extended attribute '\(name.prefix(60))' has a name that is too long, or has '=' in it"
        }
        return attribute.value.count > 65_535 ? "its extended attribute '\(name)' has more than 65535 bytes" : nil
    }

    private static func prefix(of name: [UInt8]) -> (index: UInt8, prefix: [UInt8])? {
        prefixes.first { name.starts(with: $0.prefix) }
    }

    private static func append(_ attribute: ExtendedAttribute, to out: inout [UInt8]) {
        guard let (index, prefix) = prefix(of: attribute.name) else { return }
        out.append(UInt8(truncatingIfNeeded: attribute.name.count - prefix.count))
        out.append(index)
        out.append(UInt8(truncatingIfNeeded: attribute.value.count))
        out.append(UInt8(truncatingIfNeeded: attribute.value.count >> 8))
        out += attribute.name.dropFirst(prefix.count)
        out += attribute.value
        while out.count % 4 != 0 { out.append(0) }
    }

    /// Reads an area back, sorted by name; `nil` when it is damaged.
    static func decode(_ area: UnsafeRawBufferPointer) -> [ExtendedAttribute]? {
        var found: [ExtendedAttribute] = []
        var at = headerLength
        while at + 4 <= area.count {
            let nameLength = unsafe Int(area[at])
            let index = unsafe area[at + 1]
            let valueLength = unsafe Int(area[at + 2]) | Int(area[at + 3]) << 8
            let end = at + 4 + nameLength + valueLength
            guard let prefix = prefixes.first(where: { $0.index == index })?.prefix, end <= area.count else {
                return nil
            }
            let nameEnd = at + 4 + nameLength
            let name = unsafe prefix + area[(at + 4)..<nameEnd]
            unsafe found.append(ExtendedAttribute(name: name, value: Array(area[nameEnd..<end])))
            at = (end + 3) & ~3
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}

/// Device numbers as Linux encodes them in 32 bits (`new_encode_dev`).
enum DeviceFormat {
    static func encode(_ device: DeviceNumber) -> UInt32 {
        device.minor & 0xFF | device.major << 8 | (device.minor & ~0xFF) << 12
    }

    static func decode(_ value: UInt32) -> DeviceNumber {
        DeviceNumber(major: (value & 0xFFF00) >> 8, minor: value & 0xFF | (value >> 12) & 0xFFF00)
    }
}
