// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// The hash of a context through the program, with and without a build.
@Suite("Context hash")
struct ContextHashTests {
    static let dockerfile = """
        FROM unknown.example/base AS lib
        COPY lib /lib

        FROM scratch AS docs
        COPY docs /docs

        FROM lib AS app
        ARG DIR=src
        RUN --mount=type=bind,source=tools,target=/tools true
        COPY ${DIR}/*.c /src/
        """

    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.write(Self.dockerfile, to: "c/Dockerfile")
        try await workspace.shell(
            """
            cd c; mkdir lib docs src src2 tools empty
            for f in lib/l docs/d src/a.c src/a.h src2/b.c tools/t other; do echo $f >$f; done
            printf '#!/bin/sh\\n' >tools/run; chmod 755 tools/run; ln lib/l lib/again; ln -s l lib/link
            printf '*.log\\n' >.dockerignore; echo noise >x.log
            """
        )
        return workspace
    }

    private func hash(_ workspace: Workspace, _ arguments: String...) async throws -> String {
        let told = try await workspace.run(Workspace.reel, ["context", "hash"] + arguments)
        try #require(told.code == 0, "\(arguments): \(told.errors)")
        return told.output
    }

    @Test("Times, owners, a umask, the order of listing and the place don't count, in any format")
    func same() async throws {
        let workspace = try await workspace()
        let before = try await hash(workspace, "c", "--format", "all")
        #expect(before.split(separator: "\n").count == 8)
        try await workspace.shell(
            """
            mkdir -p deep/er; umask 077; mkdir deep/er/c; cd c
            find . -mindepth 1 -print0 | LC_ALL=C sort -rz | cpio --quiet -0pdm ../deep/er/c 2>/dev/null ||
                cp -a . ../deep/er/c
            cd ../deep/er/c; chmod -R go= .; find . -exec touch -h -d 2001-02-03 {} +
            [ "$(id -u)" != 0 ] || chown -Rh 1234:1234 .
            """
        )
        let after = try await hash(workspace, "deep/er/c", "--format", "all")
        #expect(after == before)
        let kept = ["--context-modes", "keep", "--format", "tar"]
        let real = try await workspace.run(Workspace.reel, ["context", "hash", "c"] + kept)
        let masked = try await workspace.run(Workspace.reel, ["context", "hash", "deep/er/c"] + kept)
        #expect(real.output != masked.output)
    }

    @Test("The ignore file itself doesn't count, its rules and the Dockerfile do")
    func rules() async throws {
        let workspace = try await workspace()
        let before = try await hash(workspace, "c")
        for script in ["echo more >>c/x.log", "echo '# why' >>c/.dockerignore", "echo '*.tmp' >>c/.dockerignore"] {
            try await workspace.shell(script)
            #expect(try await hash(workspace, "c") == before, "\(script)")
        }
        try await workspace.shell("echo other >>c/.dockerignore")
        let fewer = try await hash(workspace, "c")
        #expect(fewer != before)
        try await workspace.shell("echo Dockerfile >>c/.dockerignore")
        #expect(try await hash(workspace, "c") == fewer, "the Dockerfile counts although it is ignored")
        try await workspace.shell("echo '# changed' >>c/Dockerfile")
        #expect(try await hash(workspace, "c") != fewer)
        try await workspace.shell("(cat c/.dockerignore; echo lib) >c/Dockerfile.dockerignore")
        let list = try await hash(workspace, "c", "--list")
        #expect(list.contains("  Dockerfile\n"))
        #expect(!list.contains("  lib/l\n"))
        #expect(!list.contains("Dockerfile.dockerignore"))
    }

    @Test("With a target only what its stage can reach counts")
    func target() async throws {
        let workspace = try await workspace()
        func list(_ arguments: String...) async throws -> [String] {
            let told = try await workspace.run(Workspace.reel, ["context", "hash", "--list", "c"] + arguments)
            try #require(told.code == 0, "\(told.errors)")
            #expect(arguments.contains("docs") || told.errors.contains("unknown.example/base"))
            return told.output.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
        }
        #expect(try await list("--target", "docs") == ["Dockerfile", "docs/d"])
        #expect(try await list("--target", "lib") == ["Dockerfile", "lib/again", "lib/l", "lib/link"])
        let app = ["Dockerfile", "lib/again", "lib/l", "lib/link", "src/a.c", "tools/run", "tools/t"]
        #expect(try await list("--target", "app") == app)
        #expect(
            try await list("--target", "app", "--build-arg", "DIR=src2")
                == app.map { $0 == "src/a.c" ? "src2/b.c" : $0 }
        )
        let before = try await hash(workspace, "c", "--target", "app")
        try await workspace.shell("echo new >c/docs/new; echo h >c/src/a.h; echo o >c/other")
        #expect(try await hash(workspace, "c", "--target", "app") == before)
        try await workspace.shell("echo new >c/tools/new")
        #expect(try await hash(workspace, "c", "--target", "app") != before)
        #expect(try await workspace.reel("context", "hash", "c", "--target", "nobody").code == 2)
    }

    @Test("A build's hash is that of its target, from the record alone and in every format", .timeLimit(.minutes(1)))
    func recorded() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel(
            "build",
            "-q",
            "--target",
            "docs",
            "--context-hash-file",
            "hash",
            "-t",
            "app:%CONTEXTHASH%",
            "c"
        )
        try #require(built.code == 0, "\(built.errors)")
        let direct = try await hash(workspace, "c", "--target", "docs", "--format", "all")
        let file = try await workspace.shell("cat hash")
        #expect(direct.hasPrefix("reel  \(file)\n"))
        let images = try await workspace.reel("image", "ls").output
        #expect(images.contains("app:\(file.dropFirst(7))"))
        try await workspace.shell("mv c gone")
        let exported = try await workspace.reel("export", "context-hash", "latest", "--format", "all")
        #expect(exported.output == direct)
        let json = try await workspace.reel("export", "context-hash", "latest", "--json").json
        #expect(json.first?["hash"]?.text == file)

        let thin = try await workspace.reel(
            "build",
            "-q",
            "--no-store-context",
            "--no-cache",
            "--target",
            "docs",
            "gone"
        )
        try #require(thin.code == 0, "\(thin.errors)")
        #expect(try await workspace.reel("export", "context-hash", "latest").output == file + "\n")
        #expect(try await workspace.reel("export", "context-hash", "latest", "--format", "h1").code == 0)
        #expect(try await workspace.reel("export", "context-hash", "latest", "--format", "tar").code == 9)
        #expect(try await workspace.reel("export", "context-hash", "latest", "--context", "other").code == 2)
    }

    @Test("A name can't be made of the hash of nothing")
    func nothing() async throws {
        let workspace = try Workspace()
        try await workspace.write("FROM scratch\n", to: "elsewhere/Dockerfile")
        try await workspace.shell("mkdir c")
        let built = try await workspace.run(
            Workspace.reel,
            ["build", "-q", "-t", "app:%CONTEXTHASH%", "-f", "elsewhere/Dockerfile", "c"]
        )
        #expect(built.code == 2)
        #expect(built.errors.contains("app:%CONTEXTHASH%: the build has no context"))
    }

    @Test("Directories, builds and digests are compared file by file", .timeLimit(.minutes(1)))
    func differences() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel("build", "-q", "--target", "docs", "c")
        try #require(built.code == 0, "\(built.errors)")
        try await workspace.shell(
            "cp -a c d; echo new >d/docs/new; chmod 600 d/docs/d; echo changed >d/lib/l; rm d/other"
        )
        func paths(_ arguments: String...) async throws -> [String] {
            let told = try await workspace.run(Workspace.reel, ["context", "diff", "--json"] + arguments)
            try #require(told.code == 0, "\(told.errors)")
            return try told.json.map { line in
                let changes = line["changes"]?.elements?.compactMap(\.text) ?? []
                return "\(line["id"]?.text ?? "") \(changes.joined(separator: ","))"
            }
        }
        let whole = ["docs/new added", "lib/again contents", "lib/l contents", "other removed"]
        #expect(try await paths("c", "d") == whole)
        #expect(try await paths("c", "d", "--context-modes", "keep").contains("docs/d mode"))
        #expect(try await paths("latest", "d", "--target", "docs") == ["docs/new added"])
        #expect(try await paths("latest", "c", "--target", "docs").isEmpty)
        let inspected = try await workspace.reel("history", "inspect", "latest", "--json").json.first
        let manifest = try #require(inspected?["contexts"]?.elements?.first?["manifest"]?.text)
        #expect(try await paths(manifest, manifest).isEmpty)
        #expect(try await paths(manifest, "latest") == ["Dockerfile added"])
        #expect(
            try await workspace.reel("context", "diff", "c", "sha256:\(String(repeating: "0", count: 64))").code == 9
        )
        #expect(try await workspace.reel("context", "diff", "c", "zzz").code == 2)
    }

    @Test("A format that can't carry a tree refuses it by name, alone")
    func refusal() async throws {
        let workspace = try await workspace()
        try await workspace.shell("printf x >\"$(printf 'c/line\\nfeed')\"; mkdir c/sub; echo y >c/sub/.GIT")
        let told = try await workspace.reel("context", "hash", "c", "--format", "all", "--json")
        #expect(told.code == 0)
        let refused = try told.json.filter { $0["error"] != nil }.compactMap { $0["id"]?.text }
        #expect(refused.sorted() == ["git-tree", "git-tree-sha256", "h1"])
        let alone = try await workspace.reel("context", "hash", "c", "--format", "git-tree")
        #expect(alone.code == 1)
        #expect(alone.errors.contains("'sub/.GIT'"))
    }
}
