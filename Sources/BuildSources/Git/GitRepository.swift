// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// One bare repository of the cache: what was fetched of one remote.
///
/// It only ever grows. A commit counts as had once `reel/<hash>` says so, which is written when git has checked that
/// everything it needs is there; so readers need no lock, and whoever fetches holds the remote's.
struct GitRepository: Sendable {
    let remote: GitRemote
    let path: FilePath

    init(_ remote: GitRemote, in folder: FilePath) {
        self.remote = remote
        path = folder.appending("\(ContentDigest(of: remote.url).hex.prefix(32)).git")
    }

    /// The folder of the objects.
    var objects: FilePath { path.appending("objects") }

    /// Makes an empty repository where there is none, and removes what a killed git left in it.
    ///
    /// Source: gitrepository-layout manual.
    func prepare(sha256: Bool) throws {
        if try CacheFile.read(path.appending("HEAD")) != nil {
            for name in CacheFile.names(in: path) where name.hasSuffix(".lock") { remove(path.appending(name)) }
            let packs = objects.appending("pack")
            for name in CacheFile.names(in: packs) where name.hasPrefix("tmp_") { remove(packs.appending(name)) }
            return
        }
        for folder in ["objects/pack", "refs/reel", "reel"] { try CacheFile.makeFolder(path.appending(folder)) }
        let version = sha256 ? "\trepositoryformatversion = 1\n" : "\trepositoryformatversion = 0\n"
        let format = sha256 ? "[extensions]\n\tobjectFormat = sha256\n" : ""
        try CacheFile.write(Array("[core]\n\(version)\tbare = true\n\(format)".utf8), to: path.appending("config"))
        try CacheFile.write(Array("\(remote.url)\n".utf8), to: path.appending("description"))
        try CacheFile.write(Array("ref: refs/heads/none\n".utf8), to: path.appending("HEAD"))
    }

    /// Whether its hashes are SHA-256.
    var isSHA256: Bool {
        get throws {
            let config = try CacheFile.read(path.appending("config")) ?? []
            return String(decoding: config, as: UTF8.self).contains("objectFormat = sha256")
        }
    }

    /// Removes a repository that has nothing yet, so that it can be made in the other format.
    func discardEmpty() {
        for name in ["HEAD", "config", "description"] { remove(path.appending(name)) }
    }

    /// The commit that the object `id` stands for, if it is had with all that belongs to it.
    func commit(of id: GitObjectID) throws -> GitObjectID? {
        guard let bytes = try CacheFile.read(path.appending("reel").appending(id.hex)) else { return nil }
        return GitObjectID(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" })
    }

    /// Notes that the commit is had, and the object that stands for it.
    func note(_ id: GitObjectID, commit: GitObjectID) throws {
        for name in Set([id, commit]) {
            try CacheFile.write(Array("\(commit.hex)\n".utf8), to: path.appending("reel").appending(name.hex))
        }
    }

    /// The local ref that holds what `source` was when it was last fetched.
    static func localRef(_ source: String) -> String { "refs/reel/\(ContentDigest(of: source).hex.prefix(32))" }

    /// What `source` was when it was last fetched.
    func fetched(_ source: String) throws -> GitObjectID? {
        guard let bytes = try CacheFile.read(path.appending(Self.localRef(source))) else { return nil }
        return GitObjectID(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" })
    }

    /// Whether history is cut off anywhere.
    var isShallow: Bool {
        get throws { try CacheFile.read(path.appending("shallow")).map { !$0.isEmpty } ?? false }
    }

    /// The packs with their sizes in bytes and in objects.
    ///
    /// Source: gitformat-pack manual: the number of objects stands in bytes 8 to 11.
    func packs() -> [String: (bytes: Int64, objects: Int64)] {
        var packs: [String: (bytes: Int64, objects: Int64)] = [:]
        let folder = objects.appending("pack")
        for name in CacheFile.names(in: folder) where name.hasSuffix(".pack") {
            guard let file = try? FileDescriptor.open(folder.appending(name), .readOnly, options: .closeOnExec) else {
                continue
            }
            defer { try? file.close() }
            var header = [UInt8](repeating: 0, count: 12)
            let got =
                (try? unsafe header.withUnsafeMutableBytes { try unsafe file.read(fromAbsoluteOffset: 0, into: $0) })
                ?? 0
            let size = (try? file.seek(offset: 0, from: .end)) ?? 0
            packs[name] = (size, got == 12 ? header[8..<12].reduce(0) { $0 << 8 | Int64($1) } : 0)
        }
        return packs
    }

    private func remove(_ path: FilePath) { _ = unsafe unlink(path.string) }
}
