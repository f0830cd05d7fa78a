// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// What an entry of a file tree is.
public enum FileKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A file with contents.
    case regular
    /// A directory.
    case directory
    /// A symbolic link.
    case symbolicLink
    /// A character device.
    case characterDevice
    /// A block device.
    case blockDevice
    /// A named pipe.
    case fifo
    /// A socket; never in a layer, since tar can't hold one.
    case socket
    /// "Nothing below here": in views of one layer alone (`LayerStore.bareView`), and nowhere else.
    case whiteout
}

/// The numbers of a device.
public struct DeviceNumber: Hashable, Sendable {
    /// The major number, 0...4095.
    public var major: UInt32
    /// The minor number, 0...1048575.
    public var minor: UInt32

    /// Makes one of its two parts.
    public init(major: UInt32, minor: UInt32) {
        self.major = major
        self.minor = minor
    }
}

/// One extended attribute.
public struct ExtendedAttribute: Hashable, Sendable {
    /// The whole name with its prefix, as in `user.comment`, as bytes.
    public var name: [UInt8]
    /// The value, at most 65,535 bytes.
    public var value: [UInt8]

    /// Makes one of name and value.
    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// Everything that a layer keeps about an entry besides its path and contents.
public struct FileAttributes: Hashable, Sendable {
    /// What the entry is.
    public var kind: FileKind
    /// The 12 permission bits, set-id and sticky bits included.
    public var mode: UInt16
    /// The owner's number.
    public var uid: UInt32
    /// The group's number.
    public var gid: UInt32
    /// When the contents were last changed.
    public var modified: Timestamp
    /// The extended attributes, in byte order of their names, each name once.
    public var xattrs: [ExtendedAttribute]
    /// The numbers of a device; 0, 0 for everything else.
    public var device: DeviceNumber

    /// Makes attributes; the extended attributes are sorted.
    public init(
        kind: FileKind,
        mode: UInt16,
        uid: UInt32 = 0,
        gid: UInt32 = 0,
        modified: Timestamp = Timestamp(seconds: 0),
        xattrs: [ExtendedAttribute] = [],
        device: DeviceNumber = DeviceNumber(major: 0, minor: 0)
    ) {
        self.kind = kind
        self.mode = mode & 0o7777
        self.uid = uid
        self.gid = gid
        self.modified = modified
        self.xattrs =
            xattrs.count < 2 ? xattrs : xattrs.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        self.device = device
    }
}
