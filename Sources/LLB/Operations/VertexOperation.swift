// SPDX-License-Identifier: Apache-2.0

/// What a vertex does.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `Op.op`. Indexes named `input` count the vertex's `inputs`; `nil` stands
/// for the wire's -1, an empty file system.
public enum VertexOperation: Hashable, Sendable {
    /// Brings content from outside.
    case source(SourceOperation)
    /// Runs a program in a container.
    case exec(ExecOperation)
    /// Changes files without running a program.
    case file(FileOperation)
    /// Stacks file systems.
    case merge(MergeOperation)
    /// Subtracts one file system from another.
    case diff(DiffOperation)
    /// Builds a definition that another vertex produced, or that is given in place.
    case build(BuildOperation)
    /// Hands inputs on.
    case passthrough(PassthroughOperation)
}

extension VertexOperation {
    /// The operation's name on the wire: `source`, `exec`, `file`, `merge`, `diff`, `build` or `passthrough`.
    public var name: String {
        switch self {
        case .source: "source"
        case .exec: "exec"
        case .file: "file"
        case .merge: "merge"
        case .diff: "diff"
        case .build: "build"
        case .passthrough: "passthrough"
        }
    }

    /// How many outputs other vertices may name; `nil` where only running it tells.
    public var outputCount: Int? {
        switch self {
        case .source, .merge, .diff: 1
        case .exec(let exec): (exec.mounts.compactMap(\.output).max() ?? -1) + 1
        case .file(let file): (file.actions.compactMap(\.output).max() ?? -1) + 1
        case .build: nil
        case .passthrough(let passthrough): passthrough.outputs.count
        }
    }

    /// One line for people, in the words of BuildKit's progress display.
    public var summary: String {
        switch self {
        case .source(let source): source.identifier
        case .exec(let exec): exec.process.arguments.joined(separator: " ")
        case .file(let file): file.actions.map(\.change.summary).joined(separator: ", ")
        case .merge: "merge"
        case .diff: "diff"
        case .build: "build"
        case .passthrough(let passthrough): "passthrough \(passthrough.id)"
        }
    }
}

/// Content from outside: an image, a repository, a local folder, a URL.
public struct SourceOperation: Hashable, Sendable {
    /// Scheme and locator, such as `docker-image://docker.io/library/debian:12`, `local://context`, `git://…`, `https://…`.
    public var identifier: String
    /// Options by name, such as `local.includepattern`; `SourceAttribute` spells them.
    public var attributes: [String: String]

    /// Makes a source.
    public init(identifier: String, attributes: [String: String] = [:]) {
        self.identifier = identifier
        self.attributes = attributes
    }

    /// What stands before `://`; empty where that is missing.
    public var scheme: String { parts.0 }

    /// What stands after `://`; the whole identifier where that is missing.
    public var locator: String { parts.1 }

    private var parts: (String, String) {
        let split = identifier.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        return split.count == 2 ? (String(split[0]), String(split[1])) : ("", identifier)
    }
}

/// The names of `SourceOperation.attributes`.
///
/// Source: BuildKit, `solver/pb/attr.go`.
public enum SourceAttribute {
    /// `true` keeps `.git` in a git source.
    public static let gitKeepDirectory = "git.keepgitdir"
    /// The repository's URL as it was written.
    public static let gitFullURL = "git.fullurl"
    /// Id of the secret that is sent as Authorization header.
    public static let gitAuthHeaderSecret = "git.authheadersecret"
    /// Id of the secret that is sent as token.
    public static let gitAuthTokenSecret = "git.authtokensecret"
    /// Lines of a known_hosts file.
    public static let gitKnownHosts = "git.knownsshhosts"
    /// Id of the SSH agent that is used.
    public static let gitSSHSocket = "git.mountsshsock"
    /// The commit that the ref must be, whole or abbreviated.
    public static let gitChecksum = "git.checksum"
    /// `true` leaves submodules out.
    public static let gitSkipSubmodules = "git.skipsubmodules"
    /// `checkout` or `commit`: which time files get.
    public static let gitModificationTime = "git.mtime"
    /// `true` fetches the commit by its hash.
    public static let gitFetchByCommit = "git.fetchbycommit"
    /// `true` fetches what LFS pointers stand for; reel's own.
    public static let gitLargeFiles = "reel.git.lfs"
    /// `keep` lets names that differ only in case through; reel's own.
    public static let gitCollisions = "reel.git.collisions"
    /// A bundle to fetch from.
    public static let gitBundle = "git.bundle"
    /// Makes the source a bundle instead of a tree.
    public static let gitCheckoutBundle = "git.checkoutbundle"

    /// The session that a local source belongs to.
    public static let localSession = "local.session"
    /// Text that sets one client's sources apart.
    public static let localUnique = "local.unique"
    /// JSON array of patterns to let through.
    public static let localIncludePatterns = "local.includepattern"
    /// JSON array of paths whose links are followed.
    public static let localFollowPaths = "local.followpaths"
    /// JSON array of patterns to leave out.
    public static let localExcludePatterns = "local.excludepatterns"
    /// Text that lets sources share transferred files.
    public static let localSharedKeyHint = "local.sharedkeyhint"
    /// `none` or `metadata`: how changes are recognised.
    public static let localDiffer = "local.differ"
    /// `true` transfers metadata alone.
    public static let localMetadataTransfer = "local.metadatatransfer"
    /// JSON array of patterns whose contents come all the same.
    public static let localMetadataTransferExclude = "local.metadatatransferexclude"

    /// The digest that the URL's content must have.
    public static let httpChecksum = "http.checksum"
    /// The file's name.
    public static let httpFilename = "http.filename"
    /// The file's permission bits, octal with a leading 0.
    public static let httpPermissions = "http.perm"
    /// The file's owner.
    public static let httpUserID = "http.uid"
    /// The file's group.
    public static let httpGroupID = "http.gid"
    /// Id of the secret that is sent as Authorization header.
    public static let httpAuthHeaderSecret = "http.authheadersecret"
    /// Prefix of names whose values are request headers.
    public static let httpHeaderPrefix = "http.header."

    /// `default`, `pull` or `local`: whether a local image will do.
    public static let imageResolveMode = "image.resolvemode"
    /// What the image is recorded as.
    public static let imageRecordType = "image.recordtype"
    /// How many of its layers, lowest first, are used.
    public static let imageLayerLimit = "image.layerlimit"
    /// The digest that the image must have.
    public static let imageChecksum = "image.checksum"

    /// The session that an OCI layout belongs to.
    public static let layoutSession = "oci.session"
    /// The name of the OCI layout.
    public static let layoutStore = "oci.store"
    /// How many of its layers, lowest first, are used.
    public static let layoutLayerLimit = "oci.layerlimit"

    /// File of the input that holds the definition of a `BuildOperation`.
    public static let buildDefinitionFilename = "llbbuild.filename"
}
