// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// What `stat` tells about a file, as layers want it.
struct FileStatus {
    private let raw: stat

    /// Looks at the entry called `name` in the directory `folder`, without following it.
    init(of name: [UInt8], in folder: FileDescriptor) throws {
        var status = stat()
        let code = unsafe PathBytes.withC(name) {
            unsafe fstatat(folder.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW)
        }
        guard code == 0 else { throw SystemCallError("fstatat", PathBytes.text(name)) }
        raw = status
    }

    /// Looks at an open file.
    init(of descriptor: FileDescriptor) throws {
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw SystemCallError("fstat", "an open file") }
        raw = status
    }

    var kind: FileKind {
        switch raw.st_mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        case S_IFCHR: raw.st_rdev == 0 ? .whiteout : .characterDevice
        case S_IFBLK: .blockDevice
        case S_IFIFO: .fifo
        default: .socket
        }
    }

    var size: Int64 { Int64(raw.st_size) }
    var uid: UInt32 { raw.st_uid }
    var gid: UInt32 { raw.st_gid }
    var mode: UInt16 { UInt16(truncatingIfNeeded: raw.st_mode & 0o7777) }
    var links: Int { Int(raw.st_nlink) }
    var inode: UInt64 { UInt64(raw.st_ino) }
    var modified: Timestamp { unsafe withUnsafePointer(to: raw) { Timestamp(nanoseconds: unsafe reel_mtime_ns($0)) } }

    var device: DeviceNumber {
        guard kind == .characterDevice || kind == .blockDevice else { return DeviceNumber(major: 0, minor: 0) }
        return DeviceNumber(major: UInt32(gnu_dev_major(raw.st_rdev)), minor: UInt32(gnu_dev_minor(raw.st_rdev)))
    }

    /// The attributes, with extended ones read elsewhere.
    func attributes(_ xattrs: [ExtendedAttribute]) -> FileAttributes {
        FileAttributes(
            kind: kind,
            mode: mode,
            uid: uid,
            gid: gid,
            modified: modified,
            xattrs: xattrs,
            device: device
        )
    }
}
