// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import Layers
public import SystemPackage

/// What fetches the large files that LFS pointers stand for.
public protocol LargeFileFetching: Sendable {
    /// Puts each object, given by digest and size, into `folder` under its digest's digits, checked.
    func fetch(
        _ objects: [(digest: ContentDigest, size: Int64)],
        of remote: GitRemote,
        authorization: String?,
        into folder: FilePath
    ) async throws
}

/// A commit with its submodules, large files and `.git`, put together as one file tree.
struct GitAssembly {
    let store: GitStore
    let scratch: ScratchFolder
    let access: GitAccess
    let reach: GitReach
    let largeFiles: (any LargeFileFetching)?
    let note: @Sendable (String) -> Void
    let transfer: @Sendable (GitTransfer) -> Void
    private(set) var repositories: [GitObjectReading] = []
    private(set) var commitTime: Int64 = 0
    private var files: [GitTreeFile] = []
    private var submodules = 0

    private static let deepest = 16
    private static let mostSubmodules = 1000

    init(
        store: GitStore,
        scratch: ScratchFolder,
        access: GitAccess,
        reach: GitReach,
        largeFiles: (any LargeFileFetching)?,
        note: @escaping @Sendable (String) -> Void,
        transfer: @escaping @Sendable (GitTransfer) -> Void
    ) {
        self.store = store
        self.scratch = scratch
        self.access = access
        self.reach = reach
        self.largeFiles = largeFiles
        self.note = note
        self.transfer = transfer
    }

    /// The entries in byte order of their paths.
    var sorted: [GitTreeFile] { files.sorted { $0.path.lexicographicallyPrecedes($1.path) } }

    /// Adds what a request asks for.
    mutating func add(_ resolution: GitResolution) async throws {
        let request = resolution.request
        let repository = store.repository(request.remote)
        let objects = try GitObjectReading(repository, git: store.git, scratch: scratch)
        try await objects.prepare([resolution.commit])
        let header = GitHeader(try objects.read(resolution.commit, .commit))
        commitTime = header.committed ?? 0
        let entries = try await add(
            resolution.commit,
            objects,
            of: request,
            at: [],
            parts: request.subdirectoryParts,
            chain: []
        )
        if request.keepsGitDirectory {
            let folder = GitFolder(store: store, repository: repository, scratch: scratch)
            files += try await folder.files(of: resolution, isRoot: header["parent"] == nil, entries: entries)
        }
    }

    /// Adds the files of one commit below `prefix`, and those of its submodules.
    private mutating func add(
        _ commit: GitObjectID,
        _ objects: GitObjectReading,
        of request: GitRequest,
        at prefix: [UInt8],
        parts: [[UInt8]],
        chain: [String]
    ) async throws -> [GitEntry] {
        let remote = request.remote
        try await objects.prepare([commit])
        guard let root = GitHeader(try objects.read(commit, .commit))["tree"].flatMap({ GitObjectID($0) }) else {
            throw GitError(remote.url, .object("commit \(commit.hex) names no tree"))
        }
        try await loadAll(of: commit, objects, remote)
        let names = GitNames(remote: remote.url, allowsFolded: request.allowsFoldedNames)
        let walk = GitTreeWalk(remote: remote.url, names: names, hashLength: commit.bytes.count) {
            try objects.read($0, .tree)
        }
        let top = try await Offload.run { [walk] in try walk.descend(parts, from: root) }
        let entries = try await Offload.run { [walk] in try walk.entries(below: top, prefix: prefix) }
        let number = repositories.count
        repositories.append(objects)
        var links: [GitEntry] = []
        for entry in entries {
            switch entry.kind {
            case .directory: files.append(GitTreeFile(path: entry.path, content: .directory))
            case .file(let isExecutable):
                let content = GitTreeFile.Content.blob(repository: number, id: entry.id)
                files.append(GitTreeFile(path: entry.path, isExecutable: isExecutable, content: content))
            case .symbolicLink:
                files.append(GitTreeFile(path: entry.path, content: .link(repository: number, id: entry.id)))
            case .submodule:
                files.append(GitTreeFile(path: entry.path, content: .directory))
                links.append(entry)
            }
        }
        if request.fetchesLargeFiles { try await replacePointers(of: number, request) }
        if request.includesSubmodules, !links.isEmpty {
            let modules = try await modules(of: root, walk, store.repository(remote))
            let below = parts.reduce(into: [UInt8]()) { $0 += ($0.isEmpty ? [] : [0x2F]) + $1 }
            for link in links {
                let inside = Array(link.path.dropFirst(prefix.isEmpty ? 0 : prefix.count + 1))
                let path = below.isEmpty ? inside : below + [0x2F] + inside
                try await add(
                    submodule: link,
                    at: path,
                    modules,
                    of: request,
                    chain: chain + ["\(remote.url)@\(commit.hex)"]
                )
            }
        }
        return entries
    }

    // MARK: Submodules

    private func modules(of root: GitObjectID, _ walk: GitTreeWalk, _ repository: GitRepository) async throws
        -> GitSubmodules?
    {
        let entry = try walk.parse(try walk.read(root), at: []).first { $0.name.elementsEqual(".gitmodules".utf8) }
        guard let entry else { return nil }
        guard case .file = entry.kind else {
            throw GitError(repository.remote.url, .tree("its .gitmodules is no file; such a repository is not read"))
        }
        let listed = try await store.git.run(
            ["config", "--no-includes", "--null", "--list", "--blob", entry.id.hex],
            in: repository.path
        )
        guard listed.succeeded else {
            throw GitError(repository.remote.url, .tree("its .gitmodules can't be read"))
        }
        return GitSubmodules(config: listed.output)
    }

    private mutating func add(
        submodule link: GitEntry,
        at path: [UInt8],
        _ modules: GitSubmodules?,
        of request: GitRequest,
        chain: [String]
    ) async throws {
        let text = ContextPath.text(path)
        guard let url = modules?.url(at: path) else {
            throw GitError(
                request.remote.url,
                .tree(
                    "its .gitmodules has no URL for the submodule '\(text)'; leave submodules out with 'submodules=false'"
                )
            )
        }
        let remote = try request.remote.submodule(url)
        submodules += 1
        guard chain.count < Self.deepest, submodules <= Self.mostSubmodules,
            !chain.contains("\(remote.url)@\(link.id.hex)")
        else {
            throw GitError(request.remote.url, .tree("its submodules are nested without end at '\(text)'"))
        }
        var inner = GitRequest(remote: remote, ref: link.id.hex)
        inner.fetchesLargeFiles = request.fetchesLargeFiles
        inner.allowsFoldedNames = request.allowsFoldedNames
        let reach = reach == .remote ? GitReach.remote : .offline
        let resolution = try await store.resolve(inner, access: access, reach: reach) { [note] in
            note("submodule '\(text)': \($0)")
        }
        transfer(resolution.transfer)
        let objects = try GitObjectReading(store.repository(remote), git: store.git, scratch: scratch)
        _ = try await add(resolution.commit, objects, of: inner, at: link.path, parts: [], chain: chain)
    }

    // MARK: Reading by other ways

    /// In a repository that libgit2 can't read: has `cat-file` write all of the commit's objects.
    private func loadAll(of commit: GitObjectID, _ objects: GitObjectReading, _ remote: GitRemote) async throws {
        guard case .program(let program) = objects else { return }
        note("libgit2 can't read repositories with SHA-256; 'git cat-file' reads this one")
        let listed = try await store.git.run(
            ["ls-tree", "-r", "-t", "-z", "\(commit.hex)"],
            in: store.repository(remote).path
        )
        guard listed.succeeded else { throw GitError(remote.url, .object(listed.errors)) }
        var ids: [GitObjectID] = []
        if let tree = GitHeader(try program.read(commit))["tree"].flatMap({ GitObjectID($0) }) { ids.append(tree) }
        for record in listed.output.split(separator: 0) {
            let words = record.prefix { $0 != 0x09 }.split(separator: 0x20)
            guard words.count == 3, !words[1].elementsEqual("commit".utf8),
                let id = GitObjectID(String(decoding: words[2], as: UTF8.self))
            else { continue }
            ids.append(id)
        }
        try await program.load(ids)
    }

    /// Has `cat-file` write the blobs that are too large for memory.
    func loadLarge(_ files: [GitTreeFile]) async throws -> [Int: GitCatFile] {
        var wanted: [Int: [GitObjectID]] = [:]
        for file in files {
            guard case .blob(let number, let id) = file.content, case .database(let database) = repositories[number]
            else { continue }
            if try database.size(id) > GitLayerWriting.memoryLimit { wanted[number, default: []].append(id) }
        }
        var large: [Int: GitCatFile] = [:]
        for (number, ids) in wanted {
            guard case .database(let database) = repositories[number] else { continue }
            let program = GitCatFile(git: store.git, repository: database.repository, scratch: scratch)
            try await program.load(ids)
            large[number] = program
        }
        return large
    }

    // MARK: Large files

    /// Puts what LFS pointers of repository `number` stand for in their place.
    private mutating func replacePointers(of number: Int, _ request: GitRequest) async throws {
        let objects = repositories[number]
        let candidates = files.indices.filter { if case .blob(number, _) = files[$0].content { true } else { false } }
        let blobs = candidates.compactMap { index -> (Int, GitObjectID)? in
            guard case .blob(_, let id) = files[index].content else { return nil }
            return (index, id)
        }
        let found = try await Offload.run {
            try blobs.compactMap { index, id -> (Int, LargeFilePointer)? in
                guard let bytes = try objects.blob(id, limit: LargeFilePointer.limit).bytes else { return nil }
                return LargeFilePointer(bytes).map { (index, $0) }
            }
        }
        guard !found.isEmpty else { return }
        let folder = store.folder.appending("lfs")
        try CacheFile.makeFolder(folder)
        var missing: [ContentDigest: Int64] = [:]
        for (_, pointer) in found where try CacheFile.size(folder.appending(pointer.digest.hex)) != pointer.size {
            missing[pointer.digest] = pointer.size
        }
        if !missing.isEmpty {
            guard reach == .remote else {
                throw GitError(
                    request.remote.url,
                    .offline("\(missing.count) of its large files are not in the cache, and the network is ruled out")
                )
            }
            guard let largeFiles else {
                throw GitError(request.remote.url, .request("large files can't be fetched here"))
            }
            try await largeFiles.fetch(
                missing.map { (digest: $0.key, size: $0.value) }.sorted { $0.digest.hex < $1.digest.hex },
                of: request.remote,
                authorization: try access.authorization(request.remote.host),
                into: folder
            )
        }
        for (index, pointer) in found {
            files[index].content = .stored(folder.appending(pointer.digest.hex), size: pointer.size)
        }
    }
}
