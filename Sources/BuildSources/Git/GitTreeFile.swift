// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import SystemPackage

/// One entry of the file tree that a git source becomes.
struct GitTreeFile {
    /// Where its contents, or the target of a link, come from.
    enum Content {
        case directory
        /// A file that is a blob of the repository with this number.
        case blob(repository: Int, id: GitObjectID)
        /// A symbolic link whose target is such a blob.
        case link(repository: Int, id: GitObjectID)
        /// A file that lies on disk.
        case stored(FilePath, size: Int64)
    }

    var path: [UInt8]
    var isExecutable = false
    var content: Content
}

/// A layer made of a git source.
public struct GitLayer: Hashable, Sendable {
    /// Its DiffID.
    public var diffID: ContentDigest
    /// Regular files.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
    /// Files that are LFS pointers instead of what they stand for, in byte order, at most `mostPointers` of them.
    public var pointers: [String]
    /// Whether it was there already.
    public var isReused = false

    static let mostPointers = 20
}
