// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import Layers
public import SystemPackage

/// The git source: one bare repository for each remote, shared by all builds, and what was made of their commits.
///
/// In its folder: `<hash of the URL>.git` (the repositories), `layers/` (which layer a commit became), `lfs/` (large
/// files by digest), `home/` (git's configuration). All of it can be removed when no build runs; that costs time only.
public struct GitStore: Sendable {
    /// The folder.
    public let folder: FilePath
    let git: GitProgram
    let lock: @Sendable (String) async throws -> any Sendable
    let firstPause: Duration

    /// Names the store; nothing is made yet.
    ///
    /// - Parameters:
    ///   - folder: Its folder.
    ///   - variables: The environment; `PATH`, proxies and places of certificates are taken from it.
    ///   - firstPause: The pause before a failed transfer is repeated for the first time.
    ///   - lock: Takes the lock of a name, held across processes until the value that it gives is released.
    public init(
        folder: FilePath,
        variables: [String: String],
        firstPause: Duration = .milliseconds(500),
        lock: @escaping @Sendable (String) async throws -> any Sendable
    ) {
        self.folder = folder
        git = GitProgram(home: folder.appending("home"), variables: variables)
        self.lock = lock
        self.firstPause = firstPause
    }

    func repository(_ remote: GitRemote) -> GitRepository { GitRepository(remote, in: folder) }

    /// Turns a request into a commit whose objects are here.
    ///
    /// The remote is asked only where a name could mean something new, or something is not here.
    ///
    /// - Parameter note: Is told of each thing that was done otherwise than meant, with the reason.
    /// - Throws: `GitError`; what had arrived in whole stays.
    public func resolve(
        _ request: GitRequest,
        access: GitAccess = GitAccess(),
        reach: GitReach = .remote,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> GitResolution {
        try request.check()
        let repository = repository(request.remote)
        var resolution = try known(request, repository, reach)
        if resolution == nil {
            guard reach == .remote else { throw offline(request, reach) }
            try git.prepare()
            let held = try await lock("git-\(ContentDigest(of: request.remote.url).hex)")
            var fetcher = GitFetcher(
                git: git,
                repository: repository,
                request: request,
                access: access,
                firstPause: firstPause,
                note: note
            )
            resolution = try await fetcher.resolve()
            withExtendedLifetime(held) {}
        }
        guard let resolution else { throw GitError(request.remote.url, .noRef(request.ref)) }
        try check(request, resolution)
        return resolution
    }

    /// What needs no network: a hash that is here, or the last pin.
    private func known(_ request: GitRequest, _ repository: GitRepository, _ reach: GitReach) throws -> GitResolution? {
        var id = request.commitHash
        if id == nil, case .offlineWithLastPin(let pin) = reach { id = pin.flatMap { GitObjectID($0) } }
        guard let id, let commit = try repository.commit(of: id) else { return nil }
        var resolution = GitResolution(request: request, commit: commit, refName: nil, how: "cache")
        if commit != id { resolution.tag = id }
        return resolution
    }

    private func offline(_ request: GitRequest, _ reach: GitReach) -> GitError {
        let name = request.ref.isEmpty ? "the default branch" : "'\(request.ref)'"
        let what: String
        switch reach {
        case .offlineWithLastPin(let pin?):
            what = "its last pin \(pin) is no longer in the cache, and the network is ruled out"
        case .offlineWithLastPin(nil): what = "it was never resolved here, and the network is ruled out"
        default:
            what =
                request.commitHash == nil
                ? "what \(name) is can't be asked with --offline; --offline=last takes what it was last"
                : "the commit is not in the cache, and the network is ruled out"
        }
        return GitError(request.remote.url, .offline(what))
    }

    private func check(_ request: GitRequest, _ resolution: GitResolution) throws {
        guard !request.checksum.isEmpty else { return }
        let wanted = request.checksum.lowercased()
        let found = [resolution.commit, resolution.tag].compactMap { $0?.hex }
        guard found.contains(where: { $0.hasPrefix(wanted) }) else {
            throw GitError(request.remote.url, .checksum(expected: request.checksum, actual: resolution.commit.hex))
        }
    }

    /// The committer's time of the commit, in seconds since 1970; 0 where it says none.
    public func commitTime(_ resolution: GitResolution, scratch: ScratchFolder) async throws -> Int64 {
        let objects = try GitObjectReading(repository(resolution.request.remote), git: git, scratch: scratch)
        try await objects.prepare([resolution.commit])
        return GitHeader(try objects.read(resolution.commit, .commit)).committed ?? 0
    }
}
