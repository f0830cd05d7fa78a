// SPDX-License-Identifier: Apache-2.0

/// A file system of a container.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `Mount`.
public struct ExecMount: Hashable, Sendable {
    /// What is mounted: an index into the vertex's inputs, or `nil` for an empty file system.
    public var input: Int?
    /// The folder or file of the input that is mounted; empty for all of it.
    public var selector: String
    /// Where, within the container.
    public var destination: String
    /// The output that the mount becomes; `nil` for none, and always for secrets and sockets.
    public var output: Int?
    /// Whether writes are refused.
    public var isReadOnly: Bool
    /// What it is made of.
    public var kind: MountKind
    /// A name of the result, which only a display uses.
    public var resultID: String
    /// Whether the content of the input, rather than its vertex, counts in the cache key.
    public var contentCache: ContentCacheHint

    /// Makes a mount.
    public init(
        input: Int?,
        destination: String,
        selector: String = "",
        output: Int? = nil,
        isReadOnly: Bool = false,
        kind: MountKind = .bind,
        resultID: String = "",
        contentCache: ContentCacheHint = .default
    ) {
        self.input = input
        self.selector = selector
        self.destination = destination
        self.output = output
        self.isReadOnly = isReadOnly
        self.kind = kind
        self.resultID = resultID
        self.contentCache = contentCache
    }
}

/// What a mount is made of.
public enum MountKind: Hashable, Sendable {
    /// The input itself.
    case bind
    /// A folder that outlives the build.
    case cache(CacheMount)
    /// Memory, of at most `size` bytes; 0 leaves it to the system.
    case tmpfs(size: Int64)
    /// A file that holds a secret.
    case secret(SecretMount)
    /// The socket of an SSH agent.
    case ssh(SecretMount)
}

extension MountKind {
    /// Whether such a mount can become an output of the operation.
    var mayBeOutput: Bool {
        switch self {
        case .bind, .cache, .tmpfs: true
        case .secret, .ssh: false
        }
    }
}

/// Whether a mount counts in the cache key by its content.
public enum ContentCacheHint: Int, Hashable, Sendable {
    /// By content where it is read only.
    case `default` = 0
    /// Always by content.
    case on = 1
    /// Never by content.
    case off = 2
}

/// A folder that outlives the build.
public struct CacheMount: Hashable, Sendable {
    /// Its name; empty stands for the mount's destination.
    public var id: String
    /// What happens when two steps want it.
    public var sharing: CacheSharing

    /// Makes one.
    public init(id: String, sharing: CacheSharing = .shared) {
        self.id = id
        self.sharing = sharing
    }
}

/// What happens when two steps want one cache mount.
public enum CacheSharing: Int, Hashable, Sendable {
    /// Both have it.
    case shared = 0
    /// The second has another one.
    case `private` = 1
    /// The second waits.
    case locked = 2
}

/// A file that holds a secret, or the socket of an agent.
public struct SecretMount: Hashable, Sendable {
    /// The id by which the build was given it.
    public var id: String
    /// The owner.
    public var uid: UInt32
    /// The group.
    public var gid: UInt32
    /// The permission bits.
    public var mode: UInt32
    /// Whether the step runs without it.
    public var isOptional: Bool

    /// Makes one.
    public init(id: String, uid: UInt32 = 0, gid: UInt32 = 0, mode: UInt32, isOptional: Bool = false) {
        self.id = id
        self.uid = uid
        self.gid = gid
        self.mode = mode
        self.isOptional = isOptional
    }
}
