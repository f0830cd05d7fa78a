// SPDX-License-Identifier: Apache-2.0

/// The layout of an index on disk: an EROFS image in tar-index form, with reel's own note in its boot area.
///
/// The note, little-endian, in bytes 0...1023, which EROFS leaves to others: the 16 bytes of `signature` @0; length of
/// the file @16 (64 bits); flags @24 (32 bits; 1: it has implied directories); entries @32 (64 bits); SHA-256 of the
/// whole file with these 32 bytes as zeros @64; SHA-256 that names the layer (DiffID) or stack (ChainID) @96.
///
/// Source: Linux, `Documentation/filesystems/erofs.rst` and `fs/erofs/erofs_fs.h`.
enum IndexFormat {
    static let signature = Array("reel index v1\n\0\0".utf8)
    static let lengthAt = 16
    static let flagsAt = 24
    static let entriesAt = 32
    static let checksumAt = 64
    static let nameAt = 96
    static let hasImpliedDirectories: UInt32 = 1

    static let block = 512
    static let slot = 32
    static let superblockAt = 1024
    static let magic: UInt32 = 0xE0F5_E1E2
    static let inodeLength = 64
    static let devicesAt = 1152
    static let deviceLength = 128
    static let direntLength = 12
    /// A reserved byte of the inode, in which reel marks implied directories.
    static let inodeFlagsAt = 48
    static let impliedFlag: UInt8 = 1

    static let plainLayout: UInt16 = 0
    static let inlineLayout: UInt16 = 2
    static let chunkLayout: UInt16 = 4
    /// Link targets up to this length stand behind their inode; longer ones have blocks of their own.
    static let longestInlineTarget = 448

    /// The number of a type in directory entries.
    static func entryType(_ mode: UInt16) -> UInt8 {
        switch mode & FileTree.typeMask {
        case FileTree.regularType: 1
        case FileTree.directoryType: 2
        case FileTree.characterType: 3
        case FileTree.blockType: 4
        case FileTree.fifoType: 5
        case FileTree.socketType: 6
        case FileTree.linkType: 7
        default: 0
        }
    }
}
