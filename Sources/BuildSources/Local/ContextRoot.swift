// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import PathPatterns
import SystemPackage

/// What shows that a file has not changed since it was hashed.
struct FileStamp: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Nanoseconds since 1970.
    var modified: Int64
    /// Nanoseconds since 1970.
    var changed: Int64
}

/// What `stat` tells of a file, as far as a context is concerned.
struct FileStatus: Equatable, Sendable {
    var stamp: FileStamp
    /// All of `st_mode`, the kind of file included.
    var mode: UInt32
    var links: UInt64

    var permissions: UInt16 { UInt16(mode & 0o7777) }
    var format: UInt32 { mode & S_IFMT }

    init(_ raw: stat) {
        var raw = raw
        stamp = unsafe FileStamp(
            device: UInt64(raw.st_dev),
            inode: UInt64(raw.st_ino),
            size: Int64(raw.st_size),
            modified: reel_mtime_ns(&raw),
            changed: reel_ctime_ns(&raw)
        )
        mode = raw.st_mode
        links = UInt64(raw.st_nlink)
    }
}

/// An open descriptor, closed when it is let go.
final class ContextFile: Sendable {
    let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    var fileDescriptor: FileDescriptor { FileDescriptor(rawValue: descriptor) }

    /// The status now; `nil` after an error, which an open descriptor gives on failing network file systems only.
    func status() -> FileStatus? {
        var raw = stat()
        return unsafe fstat(descriptor, &raw) == 0 ? FileStatus(raw) : nil
    }

    /// The extended attributes that a context keeps.
    ///
    /// - Throws: An errno value.
    func attributes() throws(SystemErrno) -> [ExtendedAttribute] {
        let listed = flistxattr(descriptor, nil, 0)
        guard listed > 0 else { return [] }
        var names = [CChar](repeating: 0, count: listed)
        let count = unsafe flistxattr(descriptor, &names, names.count)
        guard count >= 0 else { throw SystemErrno() }
        var found: [ExtendedAttribute] = []
        for name in names.prefix(count).map(UInt8.init(bitPattern:)).split(separator: 0)
        where name.starts(with: "user.".utf8) || name.elementsEqual("security.capability".utf8) {
            if let value = try value(of: Array(name)) {
                found.append(ExtendedAttribute(name: Array(name), value: value))
            }
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private func value(of name: [UInt8]) throws(SystemErrno) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: 65_536)
        let terminated = name.map(CChar.init(bitPattern:)) + [0]
        let count = unsafe fgetxattr(descriptor, terminated, &value, value.count)
        if count < 0 {
            let failure = SystemErrno()
            if failure.code == ENODATA { return nil }
            throw failure
        }
        return Array(value.prefix(count))
    }
}

/// An errno value on its way to an error that names the file.
struct SystemErrno: Error {
    let code: Int32
    init(code: Int32 = currentErrno()) { self.code = code }
}

/// The root of a tree, below which everything is opened without following a symbolic link.
struct ContextRoot: Sendable {
    let path: FilePath
    private let root: ContextFile

    /// Opens the root itself, which may be reached through symbolic links.
    init(opening path: FilePath) throws {
        let descriptor = unsafe path.withPlatformString {
            unsafe reel_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard descriptor >= 0 else {
            switch currentErrno() {
            case ENOENT: throw ContextError.missing(path.string)
            case ENOTDIR: throw ContextError.notDirectory(path.string)
            case let code: throw ContextError.unreadable(path: path.string, reason: errnoText(code))
            }
        }
        self.path = path
        root = ContextFile(descriptor)
    }

    /// The root's device and inode.
    var status: FileStatus? { root.status() }

    /// Opens what is at `path`; an empty one is the root.
    func open(_ path: [UInt8], directory: Bool) throws(SystemErrno) -> ContextFile {
        if path.isEmpty { return try Self.open(".", below: root.descriptor, directory: true) }
        if path.count < 4096 { return try Self.open(Self.text(path), below: root.descriptor, directory: directory) }
        // The kernel takes no path of 4,096 bytes or more, so longer ones are opened name by name.
        var current = root
        let names = path.split(separator: PathBytes.slash)
        for (index, name) in names.enumerated() {
            let isLast = index == names.count - 1
            current = try Self.open(Self.text(Array(name)), below: current.descriptor, directory: directory || !isLast)
        }
        return current
    }

    private static func text(_ bytes: [UInt8]) -> [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

    private static func open(_ path: [CChar], below directory: Int32, directory wanted: Bool) throws(SystemErrno)
        -> ContextFile
    {
        let flags = UInt64(O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (wanted ? O_DIRECTORY : 0))
        let descriptor = unsafe reel_openat2(directory, path, flags, 0, UInt64(RESOLVE_NO_SYMLINKS))
        guard descriptor >= 0 else { throw SystemErrno() }
        return ContextFile(descriptor)
    }

    private static func open(_ path: String, below directory: Int32, directory wanted: Bool) throws(SystemErrno)
        -> ContextFile
    {
        try open(text(Array(path.utf8)), below: directory, directory: wanted)
    }
}
