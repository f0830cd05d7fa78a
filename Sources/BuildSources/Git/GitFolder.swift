// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// Makes the `.git` of a source that keeps it: a shallow clone with a detached head, the same bytes at every time.
///
/// The pack has no deltas, since which ones git finds depends on what else the cache has; the index has no times.
struct GitFolder {
    let store: GitStore
    let repository: GitRepository
    let scratch: ScratchFolder

    /// Makes the folder in the scratch space and lists what is in it.
    ///
    /// - Parameters:
    ///   - isRoot: Whether the commit has no parents, so that no history is cut off.
    ///   - entries: The tree, for the names by which packs are put in order.
    func files(of resolution: GitResolution, isRoot: Bool, entries: [GitEntry]) async throws -> [GitTreeFile] {
        let path = scratch.newPath()
        let commit = resolution.commit.hex
        for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
            try CacheFile.makeFolder(path.appending(folder))
        }
        let sha256 = resolution.commit.isSHA256
        var config = "[core]\n\trepositoryformatversion = \(sha256 ? 1 : 0)\n\tfilemode = true\n\tbare = false\n"
        if sha256 { config += "[extensions]\n\tobjectFormat = sha256\n" }
        config +=
            "[remote \"origin\"]\n\turl = \(resolution.request.remote.url)\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
        try CacheFile.write(Array(config.utf8), to: path.appending("config"))
        try CacheFile.write(Array("\(commit)\n".utf8), to: path.appending("HEAD"))
        if !isRoot { try CacheFile.write(Array("\(commit)\n".utf8), to: path.appending("shallow")) }
        try await pack(resolution.commit, into: path.appending("objects/pack/pack"))
        let index = try await store.git.run(["read-tree", commit], in: path)
        guard index.succeeded else { throw failure(index.errors) }
        return try list(path, at: Array(".git".utf8))
    }

    private func pack(_ commit: GitObjectID, into base: FilePath) async throws {
        let listed = try await store.git.run(
            ["ls-tree", "-r", "-t", "-z", "--full-tree", commit.hex],
            in: repository.path
        )
        let tree = try await store.git.run(["rev-parse", "\(commit.hex)^{tree}"], in: repository.path)
        guard listed.succeeded, tree.succeeded else { throw failure(listed.errors + tree.errors) }
        var lines = Array("\(commit.hex)\n".utf8) + tree.output
        for record in listed.output.split(separator: 0) {
            let parts = record.split(separator: 0x09, maxSplits: 1)
            let words = parts.first?.split(separator: 0x20) ?? []
            guard words.count == 3, parts.count == 2, !words[1].elementsEqual("commit".utf8) else { continue }
            lines += words[2]
            lines.append(0x20)
            lines += parts[1].filter { $0 != 0x0A }
            lines.append(0x0A)
        }
        let arguments = [
            "pack-objects", "--quiet", "--threads=1", "--window=0", "--no-reuse-delta", "--no-reuse-object",
        ]
        let packed = try await store.git.run(arguments + [base.string], in: repository.path, input: lines)
        guard packed.succeeded else { throw failure(packed.errors) }
    }

    private func list(_ folder: FilePath, at path: [UInt8]) throws -> [GitTreeFile] {
        var files = [GitTreeFile(path: path, content: .directory)]
        for name in CacheFile.names(in: folder) {
            let child = folder.appending(name)
            let inner = path + [0x2F] + Array(name.utf8)
            if try CacheFile.isFolder(child) {
                files += try list(child, at: inner)
            } else if let size = try CacheFile.size(child) {
                files.append(GitTreeFile(path: inner, content: .stored(child, size: size)))
            }
        }
        return files
    }

    private func failure(_ words: String) -> GitError { GitError(repository.remote.url, .program(words)) }
}
