// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Reading and writing the extended attributes of entries that may be symbolic links.
///
/// The calls go through `/proc/self/fd/N/NAME`, so that an open directory decides where they act, not a path.
enum ExtendedAttributes {
    /// Whether a layer keeps an attribute: what overlayfs writes for itself is none of a step's doing.
    static func isKept(_ name: [UInt8]) -> Bool {
        if name.starts(with: "user.".utf8) {
            return !name.starts(with: "user.overlay.".utf8) && !name.starts(with: "user.fuseoverlayfs.".utf8)
        }
        return name == Array("security.capability".utf8)
    }

    /// How overlayfs, for root and for others, and fuse-overlayfs mark a directory as opaque.
    private static let opaqueMarks = Set(
        ["trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque"].map { Array($0.utf8) }
    )

    /// The attributes that a layer keeps, sorted, and whether the directory is opaque.
    static func read(_ name: [UInt8], in folder: FileDescriptor) throws -> (kept: [ExtendedAttribute], opaque: Bool) {
        let path = Array("/proc/self/fd/\(folder.rawValue)/".utf8) + name
        var kept: [ExtendedAttribute] = []
        var opaque = false
        for attribute in try names(path) {
            if isKept(attribute) {
                kept.append(ExtendedAttribute(name: attribute, value: try value(attribute, path)))
            } else if opaqueMarks.contains(attribute) {
                if try value(attribute, path) == [UInt8(ascii: "y")] { opaque = true }
            }
        }
        return (kept.sorted { $0.name.lexicographicallyPrecedes($1.name) }, opaque)
    }

    /// Sets an attribute; one that the file system or the namespace refuses is a `SystemCallError`.
    static func set(_ attribute: ExtendedAttribute, on name: [UInt8], in folder: FileDescriptor) throws {
        let path = Array("/proc/self/fd/\(folder.rawValue)/".utf8) + name
        let code = unsafe PathBytes.withC(path) { path in
            unsafe PathBytes.withC(attribute.name) { key in
                unsafe attribute.value.withUnsafeBytes { unsafe lsetxattr(path, key, $0.baseAddress, $0.count, 0) }
            }
        }
        guard code == 0 else { throw SystemCallError("lsetxattr", PathBytes.text(name)) }
    }

    private static func names(_ path: [UInt8]) throws -> [[UInt8]] {
        let list = try unsafe buffer(path, "llistxattr") { path, raw in
            unsafe llistxattr(path, raw.baseAddress?.assumingMemoryBound(to: CChar.self), raw.count)
        }
        return list.split(separator: 0).map(Array.init)
    }

    private static func value(_ name: [UInt8], _ path: [UInt8]) throws -> [UInt8] {
        try unsafe buffer(path, "lgetxattr") { path, raw in
            unsafe PathBytes.withC(name) { unsafe lgetxattr(path, $0, raw.baseAddress, raw.count) }
        }
    }

    /// Calls `get` with no room to learn the size, then with room; again when it grew meanwhile.
    private static func buffer(
        _ path: [UInt8],
        _ call: String,
        _ get: (UnsafePointer<CChar>, UnsafeMutableRawBufferPointer) -> Int
    ) throws -> [UInt8] {
        try unsafe PathBytes.withC(path) { path in
            while true {
                let needed = unsafe get(path, UnsafeMutableRawBufferPointer(start: nil, count: 0))
                let code = currentErrno()
                if needed == 0 || needed < 0 && (code == ENOTSUP || code == ENODATA) { return [] }
                guard needed > 0 else { throw SystemCallError(call, unsafe String(cString: path), code: code) }
                var bytes = [UInt8](repeating: 0, count: needed)
                let got = unsafe bytes.withUnsafeMutableBytes { unsafe get(path, $0) }
                if got >= 0 { return Array(bytes.prefix(got)) }
                guard currentErrno() == ERANGE else { throw SystemCallError(call, unsafe String(cString: path)) }
            }
        }
    }
}
