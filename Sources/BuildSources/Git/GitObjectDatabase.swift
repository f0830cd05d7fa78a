// SPDX-License-Identifier: Apache-2.0

import CLibGit2
import Synchronization
import SystemPackage

/// The objects of a SHA-1 repository, read by libgit2.
///
/// Only the object database is opened, so that no configuration is read. Any number of threads may use it: each call
/// takes a handle of its own from a pool, since libgit2's handles are for one thread at a time.
final class GitObjectDatabase: Sendable {
    /// The kinds of objects.
    enum Kind: Equatable { case commit, tree, blob, tag }

    let repository: GitRepository
    private let folder: String
    private let remote: String
    private let pool = Mutex<[Handle]>([])

    /// An open database. Pointers are not Sendable; the pool hands each to one thread at a time.
    @safe private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    private static let started: Int32 = reel_git_start()

    /// Opens the database of a repository.
    init(_ repository: GitRepository) throws(GitError) {
        self.repository = repository
        folder = repository.objects.string
        remote = repository.remote.url
        guard Self.started >= 0 else { throw GitError(remote, .object("libgit2 does not start")) }
        give(try take())
    }

    deinit {
        for handle in pool.withLock({ $0 }) { unsafe git_odb_free(handle.pointer) }
    }

    private func take() throws(GitError) -> Handle {
        if let free = pool.withLock({ $0.popLast() }) { return free }
        var opened: OpaquePointer?
        let status = unsafe git_odb_open(&opened, folder)
        guard status == 0, let pointer = unsafe opened else { throw failure() }
        return unsafe Handle(pointer: pointer)
    }

    private func give(_ handle: Handle) { pool.withLock { $0.append(handle) } }

    /// libgit2's words, which belong to the thread.
    private func failure() -> GitError {
        guard let error = unsafe git_error_last(), let message = unsafe error.pointee.message else {
            return GitError(remote, .object("an object can't be read"))
        }
        return unsafe GitError(remote, .object(String(cString: message)))
    }

    private static func oid(_ id: GitObjectID) -> git_oid {
        var oid = git_oid()
        unsafe withUnsafeMutableBytes(of: &oid.id) { unsafe $0.copyBytes(from: id.bytes.prefix(20)) }
        return oid
    }

    /// Calls `body` with the bytes of an object.
    ///
    /// - Throws: `GitError` with reason `.object` when it is not there, or is of another kind than `expected`.
    func withObject<Value>(
        _ id: GitObjectID,
        _ expected: Kind? = nil,
        _ body: (Kind, UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value {
        let handle = try take()
        defer { give(handle) }
        var oid = Self.oid(id)
        var object: OpaquePointer?
        guard unsafe git_odb_read(&object, handle.pointer, &oid) == 0, let object = unsafe object else {
            throw failure()
        }
        defer { unsafe git_odb_object_free(object) }
        let kind: Kind
        switch unsafe git_odb_object_type(object) {
        case GIT_OBJECT_COMMIT: kind = .commit
        case GIT_OBJECT_TREE: kind = .tree
        case GIT_OBJECT_BLOB: kind = .blob
        case GIT_OBJECT_TAG: kind = .tag
        default: throw GitError(remote, .object("\(id.hex) is of no known kind"))
        }
        if let expected, expected != kind {
            throw GitError(remote, .object("\(id.hex) is a \(kind), not a \(expected)"))
        }
        let buffer = unsafe UnsafeRawBufferPointer(
            start: git_odb_object_data(object),
            count: git_odb_object_size(object)
        )
        return try unsafe body(kind, buffer)
    }

    /// The length of a blob in bytes.
    func size(_ id: GitObjectID) throws(GitError) -> Int64 {
        let handle = try take()
        defer { give(handle) }
        var oid = Self.oid(id)
        var size = 0
        var type = GIT_OBJECT_ANY
        guard unsafe git_odb_read_header(&size, &type, handle.pointer, &oid) == 0 else { throw failure() }
        return Int64(size)
    }

    /// The bytes of an object of one kind.
    func read(_ id: GitObjectID, _ kind: Kind) throws -> [UInt8] {
        try unsafe withObject(id, kind) { unsafe Array($1) }
    }

    /// The commit that `id` stands for: itself, or what an annotated tag points to.
    func peel(_ id: GitObjectID) throws -> GitObjectID {
        var id = id
        for _ in 0..<16 {
            let (kind, bytes) = try unsafe withObject(id) { unsafe ($0, Array($1.prefix(512))) }
            if kind == .commit { return id }
            let header = GitHeader(bytes)
            guard kind == .tag, let next = header["object"].flatMap({ GitObjectID($0) }) else { break }
            id = next
        }
        throw GitError(remote, .request("\(id.hex) is no commit, and no tag of one"))
    }
}

/// The lines of a commit or tag before its message.
struct GitHeader {
    private let lines: [Substring]

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .prefix { !$0.isEmpty }.map { $0 }
    }

    /// The value of the first line that begins with `name`.
    subscript(name: String) -> String? {
        lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// The committer's time, in seconds since 1970.
    var committed: Int64? { self["committer"]?.split(separator: " ").dropLast().last.flatMap { Int64($0) } }
}
