// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import SystemPackage

/// How a lookup treats symbolic links. Links in the middle of a path are always followed, inside the root.
public enum FollowMode: Sendable {
    /// The last component is not followed, as in `lstat`.
    case parents
    /// The last component is followed too, as in `stat`.
    case all
}

/// Where a path leads, whether all of it exists or not.
public struct ResolvedPath: Sendable {
    /// The path without symbolic links, `.` and `..`; components that don't exist are taken as they are.
    public let path: [UInt8]
    /// What is there; `nil` when something on the way is missing or no directory.
    public let entry: ViewEntry?
}

/// What a walk does next.
public enum WalkStep: Sendable {
    /// Goes on, into the directory if it is one.
    case descend
    /// Goes on, but not into this directory.
    case skip
    /// Ends the walk.
    case stop
}

/// A piece of a file's contents: bytes of a tar in the blob store.
public struct ContentExtent: Hashable, Sendable {
    /// The blob.
    public let blob: ContentDigest
    /// The first byte.
    public let offset: Int64
    /// The number of bytes, more than 0.
    public let length: Int64
}

/// The files of a snapshot, read from the indexes and tars of its layers. Nothing is mounted.
///
/// What it shows is what overlayfs would show: whiteouts and opaque directories are applied, the topmost layer decides.
/// A directory that a layer has only because something lies in it takes its attributes from below.
public struct LayerView: Sendable {
    /// The snapshot that is looked at.
    public let snapshot: Snapshot

    init(snapshot: Snapshot) { self.snapshot = snapshot }

    /// The root directory.
    public var root: ViewEntry { get throws { throw LayerError.limit("unfinished") } }

    /// The entry at `path`, or `nil` if there is none.
    ///
    /// Leading `/`, `.` and `..` are understood; nothing leads out of the root.
    ///
    /// - Throws: `LayerError.tooManyLinks` after 255 symbolic links.
    public func entry(at path: [UInt8], following: FollowMode = .parents) throws -> ViewEntry? { nil }

    /// Where `path` leads, even if its end does not exist: what `mkdir -p` and copies need.
    public func resolve(_ path: [UInt8], following: FollowMode = .all) throws -> ResolvedPath {
        ResolvedPath(path: path, entry: nil)
    }

    /// The entry called `name` in `directory`, without following it.
    public func child(_ name: [UInt8], of directory: ViewEntry) throws -> ViewEntry? { nil }

    /// What is in `directory`, in byte order of the names; empty for everything that is no directory.
    public func children(of directory: ViewEntry) throws -> [ViewEntry] { [] }

    /// Visits `start` and everything below it, in byte order of the whole paths, which is `LayerWriter`'s order.
    public func walk(from start: ViewEntry, _ visit: (ViewEntry) throws -> WalkStep) throws {}

    /// The contents of a regular file of at most `limit` bytes.
    public func read(_ entry: ViewEntry, limit: Int64 = 64 << 20) throws -> [UInt8] { [] }

    /// Where the contents of a regular file lie; `nil` for an empty file.
    public func extent(of entry: ViewEntry) throws -> ContentExtent? { nil }

    /// Calls `body` with the tar that holds the contents of a regular file, and the offset of its first byte there.
    ///
    /// The descriptor is shared: read with offsets (`pread`, `copy_file_range`), don't move or close it.
    public func withContent<Value>(
        of entry: ViewEntry,
        _ body: (FileDescriptor, _ offset: Int64) throws -> Value
    ) throws -> Value { throw LayerError.limit("unfinished") }

    /// The SHA-256 of a regular file's contents; kept beside the layer once computed.
    public func contentDigest(of entry: ViewEntry) throws -> ContentDigest { ContentDigest(of: "") }

    /// One digest of `start` and everything below it: kinds, names, modes, owners, extended attributes, link targets,
    /// devices, contents and which names are one file; no times, and not the name of `start` itself.
    ///
    /// - Parameter including: Decides for each entry whether it counts, `.skip` leaving it and all below it out; the
    ///   paths that it sees are those of the view.
    public func treeDigest(
        of start: ViewEntry,
        including: (ViewEntry) throws -> WalkStep = { _ in .descend }
    ) throws -> ContentDigest { ContentDigest(of: "") }
}
