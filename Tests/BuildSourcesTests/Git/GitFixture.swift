// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import OCIModel
import Synchronization
import SystemPackage
import Testing

@testable import BuildSources

/// Repositories, servers for them and a store that reads them, in one folder that is removed with it.
final class GitFixture: Sendable {
    let folder: String
    let layers: LayerStore
    let store: GitStore
    private let notes = Mutex<[String]>([])
    /// The ports of the HTTP server and of `git daemon`.
    let ports: (http: Int, daemon: Int)

    /// Makes an empty folder, and starts the servers where they are wanted.
    init(serving: Bool = false) throws {
        var template = Array("/tmp/reel-test-git-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        layers = try LayerStore(root: FilePath(folder + "/data"))
        let locks = FilePath(folder + "/data/locks")
        store = GitStore(
            folder: FilePath(folder + "/data/git"),
            variables: ["PATH": "/usr/local/bin:/usr/bin:/bin"],
            firstPause: .milliseconds(5)
        ) { name in
            try await Offload.run { try FileLock(waitingFor: locks.appending(name)) }
        }
        _ = try BuildSourcesTests.shell("mkdir -p '\(folder)/git' '\(folder)/files'")
        guard serving else {
            ports = (0, 0)
            return
        }
        let script = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Servers/sources.py"
        let said = try BuildSourcesTests.shell(
            """
            setsid python3 '\(script)' '\(folder)' \(getpid()) >/dev/null 2>&1 </dev/null &
            for i in $(seq 200); do [ -s '\(folder)/ports' ] && break; sleep 0.05; done
            cat '\(folder)/ports'
            """
        )
        let numbers = String(decoding: said, as: UTF8.self).split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
        try #require(numbers.count == 2)
        ports = (numbers[0], numbers[1])
    }

    deinit { _ = try? BuildSourcesTests.shell("rm -rf '\(folder)'") }

    /// Runs a script in the folder of the repositories; `commit` makes one commit of all that is there.
    @discardableResult
    func script(_ text: String) throws -> String {
        let prelude = """
            cd '\(folder)/git'
            export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b
            export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=/dev/null
            commit() { git add -A; git commit -q --allow-empty -m "$1"; }

            """
        return String(decoding: try BuildSourcesTests.shell(prelude + text + "\n"), as: UTF8.self)
            .split(separator: "\n").last.map(String.init) ?? ""
    }

    /// A repository `one.git` with two commits on main, a tag `v1` at the first and an annotated tag `v2` at the second.
    func makeOne() throws -> (first: String, second: String) {
        let hashes = try script(
            """
            git init -q -b main one; cd one
            mkdir -p src/deep; echo one >a.txt; echo x >src/deep/x; printf '#!/bin/sh\\n' >run.sh; chmod 755 run.sh; ln -s a.txt link
            commit one; git tag v1
            echo two >a.txt; commit two; git tag -a -m v2 v2
            cd ..; git clone -q --bare one one.git
            git -C one.git symbolic-ref HEAD refs/heads/main
            echo "$(git -C one rev-parse HEAD~1) $(git -C one rev-parse HEAD)"
            """
        ).split(separator: " ").map(String.init)
        return (hashes[0], hashes[1])
    }

    func url(_ name: String, _ scheme: String = "file") -> String {
        switch scheme {
        case "http": "http://127.0.0.1:\(ports.http)/git/\(name)"
        case "git": "git://127.0.0.1:\(ports.daemon)/\(name)"
        default: "file://\(folder)/git/\(name)"
        }
    }

    func request(_ name: String, ref: String = "", scheme: String = "file") throws -> GitRequest {
        GitRequest(remote: try GitRemote(parsing: url(name, scheme)), ref: ref)
    }

    /// Resolves a request, keeping what is noted.
    func resolve(
        _ request: GitRequest,
        access: GitAccess = GitAccess(),
        reach: GitReach = .remote
    ) async throws -> GitResolution {
        try await store.resolve(request, access: access, reach: reach) { self.note($0) }
    }

    /// The layer of a request.
    func layer(
        _ request: GitRequest,
        access: GitAccess = GitAccess(),
        timestamps: TimestampPolicy = .default
    ) async throws -> GitLayer {
        let resolution = try await resolve(request, access: access)
        return try await store.layer(
            of: resolution,
            options: .init(timestamps: timestamps, now: Timestamp(seconds: 1_800_000_000), parallelism: 2),
            into: layers,
            access: access,
            largeFiles: LargeFileTransport(),
            note: { self.note($0) }
        )
    }

    /// Keeps a note.
    func note(_ text: String) { notes.withLock { $0.append(text) } }

    /// What was noted since the last call.
    func takeNotes() -> [String] {
        notes.withLock { notes in
            defer { notes = [] }
            return notes
        }
    }

    /// The layer's entries as `path mode contents`, and those of a local folder read as a context.
    func context(of layer: GitLayer) throws -> ContextManifest {
        let tree = folder + "/tree-\(layer.diffID.hex.prefix(8))"
        let tar = layers.blobs.path(layer.diffID)
        _ = try BuildSourcesTests.shell("mkdir -p '\(tree)'; tar -xf '\(tar)' -C '\(tree)'")
        return try manifest(of: tree)
    }

    /// The manifest of a folder, without a `.git` in its root.
    func manifest(of tree: String) throws -> ContextManifest {
        try LocalContextReader(layers: nil, statDirectory: nil).read(
            root: FilePath(tree),
            options: LocalContextOptions(exclude: [".git"], makesLayer: false)
        ).manifest
    }

    /// Changes what the HTTP server does.
    func control(_ json: String) throws {
        _ = try BuildSourcesTests.shell("printf '%s' '\(json)' >'\(folder)/control.json'")
    }

    /// The lines about requests since the last call.
    func takeRequests() throws -> [String] {
        let bytes = try BuildSourcesTests.shell("cd '\(folder)'; touch requests; cat requests; : >requests")
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
