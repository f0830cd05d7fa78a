// SPDX-License-Identifier: Apache-2.0

/// How a git repository is read.
///
/// Source: BuildKit, `client/llb/source.go`, `Git`; `util/gitutil/git_url.go`.
public struct GitSource: Sendable {
    /// The folder of the repository that is used; empty for all of it.
    public var subdirectory: String
    /// The commit that the ref must be, whole or abbreviated; empty for any.
    public var checksum: String
    /// Whether `.git` is kept.
    public var keepsGitDirectory: Bool
    /// Whether submodules are left out.
    public var skipsSubmodules: Bool
    /// `checkout` or `commit`: which time files get; empty for the first.
    public var modificationTime: String
    /// Whether the commit is fetched by its hash.
    public var fetchesByCommit: Bool
    /// Id of the secret that is sent as token; `nil` for the usual one.
    public var authTokenSecret: String?
    /// Id of the secret that is sent as Authorization header; `nil` for the usual one.
    public var authHeaderSecret: String?
    /// Lines of a known_hosts file; used with SSH.
    public var knownHosts: String
    /// Id of the SSH agent; used with SSH, empty for `default`.
    public var sshSocket: String

    /// Makes a choice.
    public init(
        subdirectory: String = "",
        checksum: String = "",
        keepsGitDirectory: Bool = false,
        skipsSubmodules: Bool = false,
        modificationTime: String = "",
        fetchesByCommit: Bool = false,
        authTokenSecret: String? = nil,
        authHeaderSecret: String? = nil,
        knownHosts: String = "",
        sshSocket: String = ""
    ) {
        self.subdirectory = subdirectory
        self.checksum = checksum
        self.keepsGitDirectory = keepsGitDirectory
        self.skipsSubmodules = skipsSubmodules
        self.modificationTime = modificationTime
        self.fetchesByCommit = fetchesByCommit
        self.authTokenSecret = authTokenSecret
        self.authHeaderSecret = authHeaderSecret
        self.knownHosts = knownHosts
        self.sshSocket = sshSocket
    }

    /// The source for a URL and a ref, either of which may hold the other things in BuildKit's older form `ref:subdir`.
    func plan(url: String, ref: String) -> SourcePlan {
        let remote = GitRemote(url)
        let parts = ref.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let reference = parts.first ?? ""
        let folder = subdirectory.isEmpty && parts.count > 1 ? parts[1] : subdirectory
        let subdirectory = String(UnixPath.clean("/" + folder).dropFirst())
        var identifier = "git://" + remote.host + UnixPath.clean("/" + remote.path)
        if !reference.isEmpty || !subdirectory.isEmpty {
            identifier += "#" + reference + (subdirectory.isEmpty ? "" : ":" + subdirectory)
        }
        var plan = SourcePlan(identifier: identifier, capabilities: ["source.git"])
        plan.set(SourceAttribute.gitFullURL, remote.url, "source.git.fullurl")
        setSecrets(&plan)
        if remote.isSSH {
            plan.capabilities.append("source.git.knownsshhosts")
            if !knownHosts.isEmpty { plan.attributes[SourceAttribute.gitKnownHosts] = knownHosts }
            let socket = sshSocket.isEmpty ? "default" : sshSocket
            plan.set(SourceAttribute.gitSSHSocket, socket, "source.git.mountsshsock")
        }
        if keepsGitDirectory { plan.set(SourceAttribute.gitKeepDirectory, "true", "source.git.keepgitdir") }
        if !checksum.isEmpty { plan.set(SourceAttribute.gitChecksum, checksum, "source.git.checksum") }
        if skipsSubmodules { plan.set(SourceAttribute.gitSkipSubmodules, "true", "source.git.skipsubmodules") }
        if !modificationTime.isEmpty {
            plan.set(SourceAttribute.gitModificationTime, modificationTime, "source.git.mtime")
        }
        if fetchesByCommit { plan.set(SourceAttribute.gitFetchByCommit, "true", "source.git.fetchbycommit") }
        return plan
    }

    private func setSecrets(_ plan: inout SourcePlan) {
        let token = authTokenSecret ?? "GIT_AUTH_TOKEN"
        let header = authHeaderSecret ?? "GIT_AUTH_HEADER"
        if !token.isEmpty { plan.attributes[SourceAttribute.gitAuthTokenSecret] = token }
        if !header.isEmpty { plan.attributes[SourceAttribute.gitAuthHeaderSecret] = header }
        if authTokenSecret ?? authHeaderSecret != nil { plan.capabilities.append("source.git.httpauth") }
    }
}

/// The parts of a git URL that name a source.
struct GitRemote {
    /// The URL without query and fragment.
    let url: String
    /// Host and port, without user.
    let host: String
    let path: String
    let isSSH: Bool

    /// Takes `scheme://[user@]host/path`, `[user@]host:path`, and a bare `host/path` as https.
    init(_ text: String) {
        var rest = text
        for mark in ["#", "?"] { rest = String(rest.split(separator: mark, maxSplits: 1).first ?? "") }
        var scheme = "https"
        if let range = rest.firstRange(of: "://") {
            scheme = rest[..<range.lowerBound].lowercased()
            url = rest
            let (authority, path) = Self.cut(String(rest[range.upperBound...]), at: "/")
            host = Self.withoutUser(authority)
            self.path = path
        } else if let colon = rest.firstIndex(of: ":"), !rest[..<colon].contains("/") {
            scheme = "ssh"
            url = rest
            host = Self.withoutUser(String(rest[..<colon]))
            path = String(rest[rest.index(after: colon)...])
        } else {
            url = "https://" + rest
            let (authority, path) = Self.cut(rest, at: "/")
            host = authority
            self.path = path
        }
        isSSH = scheme == "ssh"
    }

    private static func cut(_ text: String, at separator: Character) -> (String, String) {
        guard let at = text.firstIndex(of: separator) else { return (text, "") }
        return (String(text[..<at]), String(text[at...]))
    }

    private static func withoutUser(_ authority: String) -> String {
        authority.lastIndex(of: "@").map { String(authority[authority.index(after: $0)...]) } ?? authority
    }
}
