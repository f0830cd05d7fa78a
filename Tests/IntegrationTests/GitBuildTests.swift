// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// Git and HTTP sources as a person uses them.
@Suite("Builds from repositories and URLs", .timeLimit(.minutes(3)))
struct GitBuildTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    /// A repository `served/git/app.git` with a Dockerfile, ignore rules and two commits; gives both hashes.
    private func makeRepository() async throws -> (first: String, second: String) {
        let hashes = try await workspace.shell(
            """
            mkdir -p served/git served/files; cd served/git; git init -q -b main app; cd app
            export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b
            export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
            printf 'FROM scratch\\nCOPY . /\\n' >Dockerfile; echo secret >.dockerignore; echo s >secret
            mkdir sub; echo x >sub/x; printf 'FROM scratch\\nCOPY x /only\\n' >sub/Dockerfile
            echo one >a; git add -A; git commit -q -m one; echo two >a; git commit -q -a -m two
            cd ..; git clone -q --bare app app.git; git -C app.git rev-parse main~1 main
            """
        ).split(separator: "\n").map(String.init)
        return (try #require(hashes.first), try #require(hashes.last))
    }

    private func serve() async throws -> Int {
        let script = Workspace.repository + "/Tests/Servers/sources.py"
        let port = try await workspace.shell(
            """
            setsid python3 '\(script)' served \(getpid()) >/dev/null 2>&1 </dev/null &
            for i in $(seq 200); do [ -s served/ports ] && break; sleep 0.05; done; cut -d' ' -f1 served/ports
            """
        )
        return try #require(Int(port.split(separator: "\n").first ?? ""))
    }

    private func resolved() async throws -> [JSONValue] {
        try await workspace.events().filter { $0["kind"]?.text == "source.resolved" }.compactMap { $0["body"] }
    }

    @Test("A repository is the context: its Dockerfile, its ignore rules, a folder of it; a moved branch is said")
    func context() async throws {
        let (first, second) = try await makeRepository()
        let url = "file://\(workspace.folder)/served/git/app.git"
        let built = try await workspace.reel("build", "--output", "type=local,dest=out", "\(url)#main")
        try #require(built.code == 0, "\(built.errors)")
        #expect(
            try await workspace.shell("cd out; find . -type f | LC_ALL=C sort")
                == "./.dockerignore\n./Dockerfile\n./a\n./sub/Dockerfile\n./sub/x\n"
        )
        #expect(try await resolved().allSatisfy { $0["is"]?["pin"]?.text == second })
        let again = try await workspace.reel("build", "--expect-cached", "\(url)#\(second)")
        #expect(again.code == 0, "\(again.errors)")
        let folder = try await workspace.reel(
            "build",
            "--output",
            "type=local,dest=out2",
            "\(url)?ref=\(first)&subdir=sub"
        )
        #expect(folder.code == 0, "\(folder.errors)")
        #expect(try await workspace.shell("cd out2; find . -type f") == "./only\n")

        let third = try await workspace.shell(
            "cd served/git/app; git -c user.name=A -c user.email=a@b commit -q --allow-empty -m 3; git push -q ../app.git main; git rev-parse HEAD"
        ).trimmed
        let moved = try await workspace.reel("build", "\(url)#main")
        #expect(moved.code == 0, "\(moved.errors)")
        #expect(
            try await resolved().contains { $0["is"]?["pin"]?.text == third && $0["is"]?["movedFrom"]?.text == second }
        )
        let offline = try await workspace.reel("build", "--offline", "\(url)#main")
        #expect(offline.code == 11 && offline.errors.contains("--offline=last"))
        let last = try await workspace.reel("build", "--offline=last", "\(url)#main")
        #expect(last.code == 0, "\(last.errors)")
        let latest = try #require(try await workspace.reel("history", "ls", "--json").json.first?["id"]?.text)
        let replay = try await workspace.reel("replay", latest)
        #expect(replay.code == 0, "\(replay.errors)")
    }

    @Test("The hash of a repository is that of its checkout, in every format")
    func hashes() async throws {
        let (_, second) = try await makeRepository()
        let url = "file://\(workspace.folder)/served/git/app.git#main"
        try await workspace.shell("umask 022; git clone -q served/git/app.git checkout; rm -rf checkout/.git")
        let remote = try await workspace.reel("context", "hash", "--format", "all", url)
        let local = try await workspace.reel("context", "hash", "--format", "all", "checkout")
        #expect(remote.code == 0, "\(remote.errors)")
        #expect(remote.output == local.output)
        try await workspace.shell(
            "cd served/git/app; git rm -q .dockerignore; git -c user.name=A -c user.email=a@b commit -q -m 3; git push -q ../app.git main"
        )
        let tree = try await workspace.reel("context", "hash", "--format", "git-tree", url)
        #expect(try await workspace.shell("git -C served/git/app.git rev-parse 'main^{tree}'") == tree.output)
        #expect(second.count == 40)
    }

    @Test("SOURCE_DATE_EPOCH=context is the commit's time, also in a replay; a named context can be a repository")
    func epoch() async throws {
        _ = try await makeRepository()
        let url = "file://\(workspace.folder)/served/git/app.git"
        let built = try await workspace.reel(
            "build",
            "--output",
            "type=tar,dest=out.tar",
            "\(url)#main",
            environment: ["SOURCE_DATE_EPOCH": "context"]
        )
        try #require(built.code == 0, "\(built.errors)")
        #expect(try await workspace.shell("TZ=UTC tar --full-time -tvf out.tar a").contains("2023-11-14 22:13:20"))
        let latest = try #require(try await workspace.reel("history", "ls", "--json").json.first?["id"]?.text)
        let replay = try await workspace.reel("replay", latest)
        #expect(replay.code == 0, "\(replay.errors)")
        try await workspace.write(
            "FROM scratch\nCOPY --from=app a /\nADD \(url)#main:sub /sub/\n",
            to: "ctx/Dockerfile"
        )
        let named = try await workspace.reel(
            "build",
            "--build-context",
            "app=\(url)#main",
            "--output",
            "type=local,dest=out",
            "ctx"
        )
        #expect(named.code == 0, "\(named.errors)")
        #expect(try await workspace.shell("cat out/a out/sub/x") == "two\nx\n")
    }

    @Test("Secrets let in and are recorded by their ids; a password in a URL is in no file of the data root")
    func secrets() async throws {
        _ = try await makeRepository()
        let port = try await serve()
        let token = "c4n4ry-t0ken"
        try await workspace.shell(
            "printf '{\"authorization\": \"basic %s\"}' \"$(printf 'x-access-token:\(token)' | base64)\" >served/control.json"
        )
        let url = "http://127.0.0.1:\(port)/git/app.git#main"
        let denied = try await workspace.reel("build", url)
        #expect(denied.code == 1 && denied.errors.contains("GIT_AUTH_TOKEN"), "\(denied.errors)")
        let built = try await workspace.reel(
            "build",
            "--secret",
            "id=GIT_AUTH_TOKEN.127.0.0.1,env=T",
            url,
            environment: ["T": token]
        )
        #expect(built.code == 0, "\(built.errors)")
        #expect(try await workspace.count("secret.used") >= 1)

        let inURL = "http://x-access-token:\(token)@127.0.0.1:\(port)/git/app.git#main"
        let withPassword = try await workspace.reel("build", "--no-cache", inURL)
        #expect(withPassword.code == 0, "\(withPassword.errors)")
        try await workspace.write("FROM scratch\nADD \(inURL) /\n", to: "ctx/Dockerfile")
        let added = try await workspace.reel("build", "ctx")
        #expect(added.code == 2 && !added.errors.contains(token), "\(added.errors)")
        try await workspace.write(
            "FROM scratch\nADD http://u:\(token)@127.0.0.1:\(port)/file/a /\n",
            to: "ctx/Dockerfile"
        )
        #expect(try await workspace.reel("build", "ctx").code == 2)
        let leaks = try await workspace.run("grep", ["-rl", token, workspace.root])
        #expect(leaks.code == 1, "\(leaks.output)")
        let events = try await workspace.reel("log", "ls", "--json")
        #expect(!events.output.contains(token))
    }

    @Test("ADD of a URL is refused for a private address, pinned, unpacked, checked, and replayed without the server")
    func http() async throws {
        try await workspace.shell(
            "mkdir -p served/git served/files t; echo in >t/in; tar -C t -czf served/files/t.tgz .; echo hi >served/files/hi"
        )
        let port = try await serve()
        let sum = try await workspace.shell("sha256sum <served/files/hi | cut -c1-64").trimmed
        let base = "http://127.0.0.1:\(port)"
        try await workspace.write(
            "FROM scratch\nADD --checksum=sha256:\(sum) \(base)/redirect/2/hi /\nADD --unpack=true \(base)/file/t.tgz /t/\n",
            to: "ctx/Dockerfile"
        )
        let refused = try await workspace.reel("build", "ctx")
        #expect(refused.code == 1 && refused.errors.contains("--allow network.private"), "\(refused.errors)")
        let built = try await workspace.reel(
            "build",
            "--allow",
            "network.private",
            "--output",
            "type=local,dest=out",
            "ctx"
        )
        try #require(built.code == 0, "\(built.errors)")
        #expect(try await workspace.shell("cat out/hi out/t/in") == "hi\nin\n")
        let source = try #require(try await resolved().first { $0["is"]?["pin"]?.text == "sha256:\(sum)" })
        #expect(source["was"]?["redirects"]?.elements?.count == 2)
        try await workspace.write("FROM scratch\nADD \(base)/plain/hi /\n", to: "small/Dockerfile")
        let limited = try await workspace.reel("build", "--allow", "network.private", "--max-download", "2", "small")
        #expect(limited.code == 1 && limited.errors.contains("--max-download"), "\(limited.errors)")
        try await workspace.shell("rm -rf served")
        let latest = try #require(
            try await workspace.reel("history", "ls", "--status", "finished", "--json").json.first?["id"]?.text
        )
        #expect(try await workspace.reel("replay", latest).code == 0)
    }

    @Test(
        "URLs with mistakes end with 2 and a sentence, before anything is fetched",
        arguments: [
            "?nonsense=1", "?ref=a&ref=b", "?tag=a&branch=b", "?ref=a&tag=b", "?commit=zz", "?mtime=now",
            "?submodules=maybe", "#--upload-pack=x", "#a..b",
            "?subdir=../x", "?fetch-by-commit=true",
        ]
    )
    func mistakes(query: String) async throws {
        let result = try await workspace.reel("build", "git://127.0.0.1:1/app.git\(query)")
        #expect(result.code == 2, "\(query): \(result.errors)")
        #expect(result.errors.split(separator: "\n").count <= 3)
    }
}

extension String {
    fileprivate var trimmed: String { String(split(separator: "\n").first ?? "") }
}
