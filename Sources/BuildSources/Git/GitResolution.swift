// SPDX-License-Identifier: Apache-2.0

/// A source that became a commit whose objects are in the cache.
public struct GitResolution: Hashable, Sendable {
    /// What was asked for.
    public let request: GitRequest
    /// The commit.
    public let commit: GitObjectID
    /// The annotated tag that led to it, if one did.
    public var tag: GitObjectID?
    /// The whole name of the ref, such as `refs/heads/main`; `nil` where a hash was named.
    public var refName: String?
    /// How it was found: `remote`, or `cache` when nobody was asked.
    public var how: String
    /// What was transferred.
    public var transfer = GitTransfer()
}

/// What a fetch brought.
public struct GitTransfer: Hashable, Sendable {
    /// How many objects.
    public var objects: Int64 = 0
    /// The bytes of the packs that hold them.
    public var bytes: Int64 = 0
    /// How far history was fetched: 1 for the commit alone, 0 for all of it, `nil` when nothing was fetched.
    public var depth: Int?
    /// How often the remote was asked: runs of `ls-remote` and `fetch`, repetitions included.
    public var calls = 0

    /// Nothing.
    public init() {}

    private init(objects: Int64, bytes: Int64, depth: Int?, calls: Int) {
        self.objects = objects
        self.bytes = bytes
        self.depth = depth
        self.calls = calls
    }

    /// Both together.
    public static func + (left: GitTransfer, right: GitTransfer) -> GitTransfer {
        GitTransfer(
            objects: left.objects + right.objects,
            bytes: left.bytes + right.bytes,
            depth: right.depth ?? left.depth,
            calls: left.calls + right.calls
        )
    }
}

/// Whether a remote may be asked.
public enum GitReach: Hashable, Sendable {
    /// It may.
    case remote
    /// It may not, and names that can move have no meaning.
    case offline
    /// It may not; a name that can move means the commit that it meant last, if it is known.
    case offlineWithLastPin(String?)
}
