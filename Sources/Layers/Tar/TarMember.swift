// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The type bytes of tar headers that layers use.
///
/// Source: POSIX.1-2017, `pax`, "ustar Interchange Format", field `typeflag`; GNU tar manual, "Basic Tar Format".
enum TarType {
    static let oldRegular: UInt8 = 0
    static let regular = UInt8(ascii: "0")
    static let hardLink = UInt8(ascii: "1")
    static let symbolicLink = UInt8(ascii: "2")
    static let characterDevice = UInt8(ascii: "3")
    static let blockDevice = UInt8(ascii: "4")
    static let directory = UInt8(ascii: "5")
    static let fifo = UInt8(ascii: "6")
    static let contiguous = UInt8(ascii: "7")
    static let extended = UInt8(ascii: "x")
    static let solarisExtended = UInt8(ascii: "X")
    static let globalExtended = UInt8(ascii: "g")
    static let gnuLongName = UInt8(ascii: "L")
    static let gnuLongLink = UInt8(ascii: "K")
    static let gnuSparse = UInt8(ascii: "S")
    static let gnuVolumeLabel = UInt8(ascii: "V")
}

/// One member of a tar, with its extended headers already applied.
struct TarMember {
    /// The path as it stands in the archive, which nothing has checked.
    var path: [UInt8] = []
    /// One of `TarType`, old forms already made new.
    var type: UInt8 = TarType.regular
    /// The 12 permission bits.
    var mode: UInt16 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    /// The number of content bytes that follow; 0 for types without contents.
    var size: Int64 = 0
    var modified = Timestamp(nanoseconds: 0)
    /// The target of a hard or symbolic link.
    var link: [UInt8] = []
    var device = DeviceNumber(major: 0, minor: 0)
    var xattrs: [ExtendedAttribute] = []
    /// Where the contents begin in the archive, a multiple of 512.
    var dataOffset: Int64 = 0
    /// Where the member's first header begins, for messages.
    var headerOffset: Int64 = 0

    /// The path for people.
    var displayPath: String { String(decoding: path, as: UTF8.self) }
}
