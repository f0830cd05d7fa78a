// SPDX-License-Identifier: Apache-2.0

import BuildModel
import SystemPackage

/// Turns one request into a commit whose objects are in the remote's repository, with as little transfer as the server
/// allows.
///
/// For one task, which holds the remote's lock.
struct GitFetcher {
    let git: GitProgram
    let repository: GitRepository
    let request: GitRequest
    let access: GitAccess
    /// The pause before the first repetition; each further one is twice as long.
    let firstPause: Duration
    /// Is told what was done instead of what was meant, and why.
    let note: @Sendable (String) -> Void
    private(set) var transfer = GitTransfer()

    private static let repetitions = 3

    init(
        git: GitProgram,
        repository: GitRepository,
        request: GitRequest,
        access: GitAccess,
        firstPause: Duration,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.git = git
        self.repository = repository
        self.request = request
        self.access = access
        self.firstPause = firstPause
        self.note = note
    }

    private var remote: GitRemote { repository.remote }

    /// Resolves the request, asking the remote.
    mutating func resolve() async throws -> GitResolution {
        if let id = request.commitHash { return try await commit(id) }
        let candidates = GitRefName.candidates(request.ref)
        try repository.prepare(sha256: false)
        // The first time nothing is asked before: what is most likely meant is fetched at once.
        if let likely = candidates.first, try candidates.allSatisfy({ try repository.fetched($0) == nil }),
            request.shortHash == nil
        {
            do {
                return try await ref(likely)
            } catch GitComplaint.noRef {
                // It is something else, which the list of refs says.
            }
        }
        let list = try await refs(candidates)
        if let name = list.first(of: candidates), let id = list[name], let target = list.target(name) {
            if let commit = try repository.commit(of: target) {
                return resolution(commit, tag: id == target ? nil : id, refName: name)
            }
            do {
                return try await ref(name)
            } catch let complaint as GitComplaint {
                throw complaint.error(remote, subject: name)
            }
        }
        if let prefix = request.shortHash { return try await short(prefix) }
        throw GitError(remote.url, .noRef(request.ref.isEmpty ? "HEAD" : request.ref))
    }

    private func resolution(_ commit: GitObjectID, tag: GitObjectID?, refName: String?) -> GitResolution {
        var resolution = GitResolution(request: request, commit: commit, refName: refName, how: "remote")
        resolution.tag = tag
        resolution.transfer = transfer
        return resolution
    }

    // MARK: Commits

    /// A commit by its whole hash: fetched by the hash alone; else with the ref that has it; else with all history.
    mutating func commit(_ id: GitObjectID) async throws -> GitResolution {
        try repository.prepare(sha256: id.isSHA256)
        if let commit = try repository.commit(of: id) {
            return resolution(commit, tag: commit == id ? nil : id, refName: nil)
        }
        guard try repository.isSHA256 == id.isSHA256 else {
            throw GitError(remote.url, .noRef(id.hex))
        }
        do {
            try await fetch(["--depth=1"], ["+\(id.hex):\(GitRepository.localRef(id.hex))"], depth: 1)
            return try await finish(id, refName: nil)
        } catch GitComplaint.notOffered {
            note("the server does not give out commit \(id.hex) by its hash; its refs are searched for it")
        } catch let complaint as GitComplaint {
            throw complaint.error(remote, subject: id.hex)
        }
        let list = try await refs([])
        if let name = list.names(of: id).first {
            do {
                try await fetch(["--depth=1"], ["+\(name):\(GitRepository.localRef(name))"], depth: 1)
            } catch let complaint as GitComplaint {
                throw complaint.error(remote, subject: name)
            }
            return try await finish(id, refName: nil)
        }
        note("no ref of the repository is at commit \(id.hex); all its history is fetched")
        try await fetchAll()
        guard try await type(of: id) != nil else { throw GitError(remote.url, .noRef(id.hex)) }
        return try await finish(id, refName: nil)
    }

    /// The commit whose hash starts with `prefix`.
    private mutating func short(_ prefix: String) async throws -> GitResolution {
        note("'\(prefix)' is no branch or tag; as the start of a hash it is searched in all history")
        try await fetchAll()
        let found = try await git.run(["rev-parse", "--disambiguate=\(prefix)"], in: repository.path)
        var commits: Set<GitObjectID> = []
        for line in String(decoding: found.output, as: UTF8.self).split(separator: "\n") {
            guard let id = GitObjectID(line), try await type(of: id) == "commit" else { continue }
            commits.insert(id)
        }
        guard commits.count < 2 else {
            throw GitError(remote.url, .ambiguous(prefix, commits.map(\.hex).sorted()))
        }
        guard let id = commits.first else { throw GitError(remote.url, .noRef(prefix)) }
        return try await finish(id, refName: nil)
    }

    private func type(of id: GitObjectID) async throws -> String? {
        let result = try await git.run(["cat-file", "-t", id.hex], in: repository.path)
        return result.succeeded
            ? String(decoding: result.output, as: UTF8.self).split(separator: "\n").first.map(String.init) : nil
    }

    // MARK: Refs

    /// Fetches one ref, the commit alone.
    ///
    /// - Throws: `GitComplaint.noRef` where the repository has no such ref.
    private mutating func ref(_ name: String) async throws -> GitResolution {
        let local = GitRepository.localRef(name)
        do {
            try await fetch(["--depth=1"], ["+\(name):\(local)"], depth: 1)
        } catch GitComplaint.otherFormat where repository.packs().isEmpty {
            note("the repository's hashes are SHA-256")
            repository.discardEmpty()
            try repository.prepare(sha256: true)
            try await fetch(["--depth=1"], ["+\(name):\(local)"], depth: 1)
        } catch let complaint as GitComplaint where complaint != .noRef {
            throw complaint.error(remote, subject: name)
        }
        guard let id = try repository.fetched(name) else {
            throw GitError(remote.url, .program("it fetched \(name) and left no ref"))
        }
        return try await finish(id, refName: name)
    }

    /// Peels what was fetched to a commit, and notes that it is had.
    private func finish(_ id: GitObjectID, refName: String?) async throws -> GitResolution {
        let commit: GitObjectID
        if try repository.isSHA256 {
            let peeled = try await git.run(["rev-parse", "--verify", "\(id.hex)^{commit}"], in: repository.path)
            guard peeled.succeeded,
                let found = GitObjectID(String(decoding: peeled.output, as: UTF8.self).prefix { $0 != "\n" })
            else { throw GitError(remote.url, .request("'\(refName ?? id.hex)' is no commit")) }
            commit = found
        } else {
            commit = try GitObjectDatabase(repository).peel(id)
        }
        try repository.note(id, commit: commit)
        return resolution(commit, tag: commit == id ? nil : id, refName: refName)
    }

    /// The remote's refs, those with one of `names` and what they point to; with no names all of them.
    private mutating func refs(_ names: [String]) async throws -> GitRefList {
        let patterns = names.flatMap { [$0, $0 + "^{}"] }
        do {
            return GitRefList(try await repeating(["ls-remote", "--quiet", "--", remote.url] + patterns, in: nil))
        } catch let complaint as GitComplaint {
            throw complaint.error(remote, subject: request.ref)
        }
    }

    /// Fetches every branch and tag with all history.
    private mutating func fetchAll() async throws {
        let depth = try repository.isShallow ? ["--unshallow"] : []
        do {
            try await fetch(
                depth,
                ["+refs/heads/*:refs/reel-all/heads/*", "+refs/tags/*:refs/reel-all/tags/*"],
                depth: 0
            )
        } catch let complaint as GitComplaint {
            throw complaint.error(remote, subject: request.ref)
        }
    }

    // MARK: Transport

    private mutating func fetch(_ options: [String], _ refspecs: [String], depth: Int) async throws {
        let before = repository.packs()
        let arguments =
            ["fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head", "--force", "--prune"]
            .filter { $0 != "--prune" || depth == 0 } + options + ["--", remote.url] + refspecs
        _ = try await repeating(arguments, in: repository.path)
        for (name, pack) in repository.packs() where before[name] == nil {
            transfer.bytes += pack.bytes
            transfer.objects += pack.objects
        }
        transfer.depth = depth
    }

    /// Runs git until it succeeds, or fails in a way that trying again does not mend.
    ///
    /// - Throws: `GitComplaint`.
    private mutating func repeating(_ arguments: [String], in place: FilePath?) async throws -> [UInt8] {
        var pause = firstPause
        var attempt = 0
        while true {
            transfer.calls += 1
            let result = try await git.run(arguments, in: place, remote: remote, access: access)
            if result.succeeded { return result.output }
            let complaint = GitComplaint(result.errors)
            guard case .passing(let words) = complaint, attempt < Self.repetitions else { throw complaint }
            attempt += 1
            note("the remote failed (\(words)); it is asked again, \(attempt) of \(Self.repetitions)")
            try await Task.sleep(for: pause)
            pause *= 2
            try repository.prepare(sha256: repository.isSHA256)
        }
    }
}
