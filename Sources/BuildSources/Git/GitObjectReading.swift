// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import Synchronization
import SystemPackage

/// Where the objects of one repository are read from.
///
/// libgit2 reads them, except in repositories with SHA-256, which version 1.5 does not know: there `git cat-file` writes
/// all that is asked for into one scratch file.
enum GitObjectReading: Sendable {
    case database(GitObjectDatabase)
    case program(GitCatFile)

    /// Opens a repository.
    init(_ repository: GitRepository, git: GitProgram, scratch: ScratchFolder) throws {
        self =
            if try repository.isSHA256 {
                .program(GitCatFile(git: git, repository: repository, scratch: scratch))
            } else {
                .database(try GitObjectDatabase(repository))
            }
    }

    /// Makes sure that the objects can be read without waiting.
    func prepare(_ ids: [GitObjectID]) async throws {
        if case .program(let program) = self { try await program.load(ids) }
    }

    /// A tree, commit or small blob.
    func read(_ id: GitObjectID, _ kind: GitObjectDatabase.Kind) throws -> [UInt8] {
        switch self {
        case .database(let database): try database.read(id, kind)
        case .program(let program): try program.read(id)
        }
    }

    /// A blob, where it has at most `limit` bytes; else its size alone.
    func blob(_ id: GitObjectID, limit: Int64) throws -> (size: Int64, bytes: [UInt8]?) {
        switch self {
        case .database(let database):
            let size = try database.size(id)
            return (size, size <= limit ? try database.read(id, .blob) : nil)
        case .program(let program):
            let size = try program.size(id)
            return (size, size <= limit ? try program.read(id) : nil)
        }
    }
}

/// Objects by way of `git cat-file --batch`.
final class GitCatFile: Sendable {
    private struct Place: Sendable {
        var file: Int
        var offset: Int64
        var size: Int64
    }

    private struct State: Sendable {
        var files: [FileDescriptor] = []
        var places: [GitObjectID: Place] = [:]
    }

    private let git: GitProgram
    private let repository: GitRepository
    private let scratch: ScratchFolder
    private let state = Mutex(State())

    init(git: GitProgram, repository: GitRepository, scratch: ScratchFolder) {
        self.git = git
        self.repository = repository
        self.scratch = scratch
    }

    deinit {
        for file in state.withLock({ $0.files }) { try? file.close() }
    }

    /// Writes objects into a scratch file, those that are not in one already.
    func load(_ ids: [GitObjectID]) async throws {
        let missing = state.withLock { state in Set(ids).filter { state.places[$0] == nil } }
            .sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        guard !missing.isEmpty else { return }
        let names = scratch.newPath()
        let objects = scratch.newPath()
        try CacheFile.write(Array(missing.map { $0.hex + "\n" }.joined().utf8), to: names)
        let input = try FileDescriptor.open(names, .readOnly, options: .closeOnExec)
        defer { try? input.close() }
        let output = try FileDescriptor.open(
            objects,
            .readWrite,
            options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite
        )
        CacheFile.remove(names)
        CacheFile.remove(objects)
        let run = try await git.run(["cat-file", "--batch", "--buffer"], in: repository.path, from: input, to: output)
        guard run.succeeded else {
            try? output.close()
            throw GitError(repository.remote.url, .object(run.errors))
        }
        let remote = repository.remote.url
        let places = try await Offload.run { try Self.index(output, count: missing.count, remote: remote) }
        state.withLock { state in
            let file = state.files.count
            state.files.append(output)
            for (id, place) in places { state.places[id] = Place(file: file, offset: place.offset, size: place.size) }
        }
    }

    /// Finds the objects in what `cat-file` wrote: `HASH TYPE SIZE LF BYTES LF` for each.
    private static func index(_ file: FileDescriptor, count: Int, remote: String) throws
        -> [(GitObjectID, (offset: Int64, size: Int64))]
    {
        var found: [(GitObjectID, (offset: Int64, size: Int64))] = []
        var at: Int64 = 0
        var header = [UInt8](repeating: 0, count: 256)
        for _ in 0..<count {
            let got = try unsafe header.withUnsafeMutableBytes {
                try unsafe file.read(fromAbsoluteOffset: at, into: $0)
            }
            guard let end = header[..<got].firstIndex(of: 0x0A) else {
                throw GitError(remote, .object("cat-file stopped early"))
            }
            let words = String(decoding: header[..<end], as: UTF8.self).split(separator: " ")
            guard words.count == 3, let id = GitObjectID(words[0]), let size = Int64(words[2]) else {
                throw GitError(remote, .object(words.joined(separator: " ")))
            }
            found.append((id, (at + Int64(end) + 1, size)))
            at += Int64(end) + 1 + size + 1
        }
        return found
    }

    /// Where an object lies.
    func place(_ id: GitObjectID) throws(GitError) -> (file: FileDescriptor, offset: Int64, size: Int64) {
        let found = state.withLock { state in
            state.places[id].map { (state.files[$0.file], $0.offset, $0.size) }
        }
        guard let found else { throw GitError(repository.remote.url, .object("\(id.hex) was not read")) }
        return found
    }

    /// The length of an object.
    func size(_ id: GitObjectID) throws(GitError) -> Int64 { try place(id).size }

    /// The bytes of an object.
    func read(_ id: GitObjectID) throws -> [UInt8] {
        let place = try place(id)
        var bytes = [UInt8](repeating: 0, count: Int(place.size))
        var done = 0
        while done < bytes.count {
            let got = try unsafe bytes.withUnsafeMutableBytes { buffer in
                try unsafe place.file.read(
                    fromAbsoluteOffset: place.offset + Int64(done),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                )
            }
            guard got > 0 else { throw GitError(repository.remote.url, .object("\(id.hex) ends too early")) }
            done += got
        }
        return bytes
    }
}
