// SPDX-License-Identifier: Apache-2.0

/// What is wanted of a repository.
public struct GitRequest: Hashable, Sendable {
    /// The repository.
    public var remote: GitRemote
    /// A branch, a tag, a whole ref, a commit's hash or the start of one; empty for the repository's default branch.
    public var ref: String
    /// The folder that becomes the root; empty for all of it.
    public var subdirectory: String
    /// The hash, or the start of it, that the commit or the tag must have; empty for any.
    public var checksum: String
    /// Whether `.git` is part of the files.
    public var keepsGitDirectory: Bool
    /// Whether submodules are read too.
    public var includesSubmodules: Bool
    /// Whether files get the commit's time instead of that of the checkout.
    public var usesCommitTime: Bool
    /// Whether the commit that `checksum` names is fetched by its hash, and the ref not asked for.
    public var fetchesByCommit: Bool
    /// Whether what LFS pointers stand for is fetched in their place.
    public var fetchesLargeFiles: Bool
    /// Whether names in one folder may differ in case alone.
    public var allowsFoldedNames: Bool

    /// Makes a request for the files of `ref`.
    public init(remote: GitRemote, ref: String = "") {
        self.remote = remote
        self.ref = ref
        subdirectory = ""
        checksum = ""
        keepsGitDirectory = false
        includesSubmodules = true
        usesCommitTime = false
        fetchesByCommit = false
        fetchesLargeFiles = false
        allowsFoldedNames = false
    }

    /// Checks what the parts say, alone and together.
    ///
    /// - Throws: `GitError` with reason `.request`.
    func check() throws(GitError) {
        func refuse(_ what: String) -> GitError { GitError(remote.url, .request(what)) }
        guard ref.isEmpty || GitRefName.isValid(ref) else { throw refuse("'\(ref)' is no name that a ref can have") }
        guard checksum.utf8.count <= 64,
            checksum.utf8.allSatisfy({ ContextPath.nibble($0 | 0x20) != nil || (0x30...0x39).contains($0) })
        else {
            throw refuse("the checksum '\(checksum)' is no hexadecimal hash")
        }
        guard checksum.isEmpty || checksum.utf8.count >= 4 else {
            throw refuse("the checksum '\(checksum)' is too short; write at least four digits")
        }
        if fetchesByCommit, GitObjectID(checksum) == nil, GitObjectID(ref) == nil {
            throw refuse("fetch-by-commit needs the commit's whole hash as checksum")
        }
        for part in subdirectory.split(separator: "/") where part == ".." {
            throw refuse("the subdirectory '\(subdirectory)' has '..' in it")
        }
        guard !subdirectory.utf8.contains(0) else { throw refuse("the subdirectory has a zero byte in it") }
    }

    /// The whole hash that names the commit, where one does, so that nobody need be asked for it.
    var commitHash: GitObjectID? {
        if fetchesByCommit, let commit = GitObjectID(checksum) { return commit }
        if let commit = GitObjectID(ref) { return commit }
        return ref.isEmpty ? GitObjectID(checksum) : nil
    }

    /// The start of a hash, where the ref could be one.
    var shortHash: String? {
        let text = ref.isEmpty ? checksum : ref
        guard (4..<64).contains(text.utf8.count),
            text.utf8.allSatisfy({ ContextPath.nibble($0) != nil || (0x41...0x46).contains($0) })
        else { return nil }
        return text.lowercased()
    }

    /// The folder's names.
    var subdirectoryParts: [[UInt8]] {
        subdirectory.split(separator: "/").filter { $0 != "." }.map { Array($0.utf8) }
    }
}

/// The names that refs can have.
enum GitRefName {
    /// Whether `name` is one, by git's rules; such a name can't be taken for an option or a pattern.
    ///
    /// Source: git-check-ref-format manual.
    static func isValid(_ name: String) -> Bool {
        let forbidden = Array(" ~^:?*[\\".utf8)
        guard !name.hasPrefix("-"), !name.hasPrefix("/"), !name.hasSuffix("/"), !name.hasSuffix("."), name != "@",
            !name.contains(".."), !name.contains("@{"), !name.contains("//"), name.utf8.count <= 1024,
            name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !forbidden.contains($0) })
        else { return false }
        return name.split(separator: "/").allSatisfy { !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
    }

    /// The whole names that `ref` can mean, the first that exists being the one: a branch before a tag.
    static func candidates(_ ref: String) -> [String] {
        if ref.isEmpty || ref == "HEAD" { return ["HEAD"] }
        if ref.hasPrefix("refs/") { return [ref] }
        return ["refs/heads/\(ref)", "refs/tags/\(ref)"]
    }
}
