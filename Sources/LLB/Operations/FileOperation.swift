// SPDX-License-Identifier: Apache-2.0

/// Changes files without running a program: actions in a row, each on what inputs or earlier actions hold.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `FileOp`.
public struct FileOperation: Hashable, Sendable {
    /// The actions, at least one.
    public var actions: [FileAction]

    /// Makes an operation.
    public init(actions: [FileAction]) { self.actions = actions }
}

/// What an action reads or changes.
public enum FileOperand: Hashable, Sendable {
    /// An input of the vertex, by index.
    case input(Int)
    /// The result of an earlier action, by its index.
    case action(Int)
}

/// One change.
public struct FileAction: Hashable, Sendable {
    /// What is changed; `nil` for an empty file system.
    public var base: FileOperand?
    /// What is copied from; `nil` where nothing is, or for an empty file system.
    public var source: FileOperand?
    /// The output that the result becomes; `nil` for none.
    public var output: Int?
    /// The change.
    public var change: FileChange

    /// Makes an action.
    public init(base: FileOperand?, source: FileOperand? = nil, output: Int?, change: FileChange) {
        self.base = base
        self.source = source
        self.output = output
        self.change = change
    }
}

/// What an action does.
public enum FileChange: Hashable, Sendable {
    /// Copies from the action's source.
    case copy(CopyAction)
    /// Writes a file.
    case makeFile(MakeFileAction)
    /// Makes a folder.
    case makeDirectory(MakeDirectoryAction)
    /// Makes a symbolic link.
    case symlink(SymlinkAction)
    /// Removes a path.
    case remove(RemoveAction)

    /// One line for people, such as `copy /a /b`.
    public var summary: String {
        switch self {
        case .copy(let copy): "copy \(copy.source) \(copy.destination)"
        case .makeFile(let file): "mkfile \(file.path)"
        case .makeDirectory(let directory): "mkdir \(directory.path)"
        case .symlink(let link): "symlink \(link.path) -> \(link.target)"
        case .remove(let remove): "rm \(remove.path)"
        }
    }
}

/// An owner and a group; `nil` leaves the one that is there, or root.
public struct Ownership: Hashable, Sendable {
    /// The owner.
    public var user: OwnerReference?
    /// The group.
    public var group: OwnerReference?

    /// Makes one.
    public init(user: OwnerReference?, group: OwnerReference?) {
        self.user = user
        self.group = group
    }
}

/// A user or a group.
public enum OwnerReference: Hashable, Sendable {
    /// By number.
    case id(UInt32)
    /// By a name that `/etc/passwd` or `/etc/group` of `operand` knows; `nil` is an empty file system.
    case name(String, operand: FileOperand?)
}

/// Copies from the action's source into its base.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `FileActionCopy`.
public struct CopyAction: Hashable, Sendable {
    /// What is copied, a path or a wildcard.
    public var source: String
    /// Where to.
    public var destination: String
    /// Whose the copies are; `nil` keeps the source's.
    public var owner: Ownership?
    /// Permission bits of the copies; `nil` keeps the source's.
    public var mode: Int32?
    /// A symbolic mode, as chmod reads it, used where it is not empty.
    public var symbolicMode: String
    /// Whether a link at `source` is followed.
    public var followsSymlink: Bool
    /// Whether a folder at `source` stands for what it holds.
    public var copiesDirectoryContents: Bool
    /// Whether an archive is unpacked instead of copied.
    public var unpacksArchive: Bool
    /// Whether missing parents of `destination` are made.
    public var createsDestinationPath: Bool
    /// Whether `source` is a wildcard.
    public var allowsWildcard: Bool
    /// Whether the wildcard may match nothing.
    public var allowsEmptyWildcard: Bool
    /// Time of the copies in nanoseconds since 1970; `nil` keeps the source's.
    public var timestamp: Int64?
    /// Patterns, one of which a path must match; none lets all through.
    public var includePatterns: [String]
    /// Patterns, none of which a path may match.
    public var excludePatterns: [String]
    /// Whether what is in the way, being of another kind, is replaced.
    public var replacesExisting: Bool
    /// Paths that `includePatterns` must have let through.
    public var requiredPaths: [String]

    /// Makes a plain copy; what is not named here is off or empty, and may be set afterwards.
    public init(source: String, destination: String) {
        self.source = source
        self.destination = destination
        owner = nil
        mode = nil
        symbolicMode = ""
        followsSymlink = false
        copiesDirectoryContents = false
        unpacksArchive = false
        createsDestinationPath = false
        allowsWildcard = false
        allowsEmptyWildcard = false
        timestamp = nil
        includePatterns = []
        excludePatterns = []
        replacesExisting = false
        requiredPaths = []
    }
}

/// Writes a file, over what is there.
public struct MakeFileAction: Hashable, Sendable {
    /// Where.
    public var path: String
    /// Permission bits.
    public var mode: Int32
    /// The content.
    public var data: [UInt8]
    /// Whose it is; `nil` for root.
    public var owner: Ownership?
    /// Its time in nanoseconds since 1970; `nil` for the build's.
    public var timestamp: Int64?

    /// Makes one.
    public init(path: String, mode: Int32, data: [UInt8], owner: Ownership? = nil, timestamp: Int64? = nil) {
        self.path = path
        self.mode = mode
        self.data = data
        self.owner = owner
        self.timestamp = timestamp
    }
}

/// Makes a folder.
public struct MakeDirectoryAction: Hashable, Sendable {
    /// Where.
    public var path: String
    /// Permission bits.
    public var mode: Int32
    /// Whether missing parents are made, and one that is there will do.
    public var makesParents: Bool
    /// Whose it is; `nil` for root.
    public var owner: Ownership?
    /// Its time in nanoseconds since 1970; `nil` for the build's.
    public var timestamp: Int64?

    /// Makes one.
    public init(
        path: String,
        mode: Int32,
        makesParents: Bool = false,
        owner: Ownership? = nil,
        timestamp: Int64? = nil
    ) {
        self.path = path
        self.mode = mode
        self.makesParents = makesParents
        self.owner = owner
        self.timestamp = timestamp
    }
}

/// Makes a symbolic link.
public struct SymlinkAction: Hashable, Sendable {
    /// What the link says (`oldpath` on the wire).
    public var target: String
    /// Where the link is (`newpath` on the wire).
    public var path: String
    /// Whose it is; `nil` for root.
    public var owner: Ownership?
    /// Its time in nanoseconds since 1970; `nil` for the build's.
    public var timestamp: Int64?

    /// Makes one.
    public init(target: String, path: String, owner: Ownership? = nil, timestamp: Int64? = nil) {
        self.target = target
        self.path = path
        self.owner = owner
        self.timestamp = timestamp
    }
}

/// Removes a path and what is below it.
public struct RemoveAction: Hashable, Sendable {
    /// A path or a wildcard.
    public var path: String
    /// Whether a path that is not there will do.
    public var allowsNotFound: Bool
    /// Whether `path` is a wildcard.
    public var allowsWildcard: Bool

    /// Makes one.
    public init(path: String, allowsNotFound: Bool = false, allowsWildcard: Bool = false) {
        self.path = path
        self.allowsNotFound = allowsNotFound
        self.allowsWildcard = allowsWildcard
    }
}
