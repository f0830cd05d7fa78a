// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// Which entries of a view are the same file under several names (hard links).
public struct FileIdentity: Hashable, Sendable {
    /// The position of the layer in the stack, 0 for the lowest.
    let layer: Int
    /// The inode in that layer's index.
    let node: UInt64
}

/// One entry of a view.
public struct ViewEntry: Sendable {
    /// The path from the root, without symbolic links on the way; empty for the root.
    public let path: [UInt8]
    /// What the layer keeps about it.
    public let attributes: FileAttributes
    /// The length of a regular file in bytes; 0 for everything else.
    public let size: Int64
    /// The target of a symbolic link as it was written; empty for everything else.
    public let linkTarget: [UInt8]
    /// Equal for two entries of one view if and only if they are names of one file.
    public let identity: FileIdentity
    /// How many names the file has in its layer; for directories the number is of no use.
    public let linkCount: Int
    /// Whether a directory hides what lower layers have in it.
    ///
    /// Always `false` in a merged view.
    public let isOpaque: Bool
    /// Where a directory is in the layers, topmost first; for everything else one place.
    let places: [FileIdentity]

    /// What the entry is.
    public var kind: FileKind { attributes.kind }
    /// The last component of the path; empty for the root.
    public var name: ArraySlice<UInt8> { path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...] }
    /// The path for people.
    public var displayPath: String { String(decoding: path, as: UTF8.self) }
}
