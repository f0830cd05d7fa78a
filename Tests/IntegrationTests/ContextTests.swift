// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// What is in a context, and who decides it.
@Suite("Contexts")
struct ContextTests {
    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.shell(
            "mkdir -p c/logs/deep c/other && touch c/a c/b.tmp c/logs/x c/logs/keep c/logs/deep/y"
        )
        try await workspace.write("# what is not wanted\n*.tmp\nlogs\n!logs/keep\n", to: "c/.dockerignore")
        try await workspace.write("FROM scratch\nCOPY . /\n", to: "c/Dockerfile")
        return workspace
    }

    @Test("ls prints what is in the context, and why")
    func list() async throws {
        let workspace = try await workspace()
        let listed = try await workspace.reel("context", "ls", "c")
        #expect(listed.output == ".dockerignore\nDockerfile\na\nlogs/\nlogs/keep\nother/\n")
        let kinds = try await workspace.reel("context", "ls", "--json", "c").json.map { $0["type"]?.text }
        #expect(kinds == ["file", "file", "file", "directory", "file", "directory"])

        let kept = try await workspace.reel("context", "ls", "--why", "logs/keep", "c")
        #expect(kept.code == 0)
        #expect(kept.output.hasPrefix("logs/keep: included, by '!logs/keep' at "))
        #expect(kept.output.hasSuffix("/c/.dockerignore:4\n"))
        let left = try await workspace.reel("context", "ls", "--json", "--why", "logs/deep/y", "c")
        #expect(left.code == 1)
        let object = try #require(try left.json.first)
        #expect(object["included"]?.boolean == false && object["line"]?.integer == 3 && object["rule"]?.text == "logs")
        let free = try await workspace.reel("context", "ls", "--why", "a", "c")
        #expect(free.output == "a: included, no rule matches it\n")
        #expect(try await workspace.reel("context", "ls", "--why", "nothing", "c").code == 2)
    }

    @Test("--ignore-file stands in place of a context's own, for each context by its name")
    func ignoreFiles() async throws {
        let workspace = try await workspace()
        try await workspace.shell("mkdir named && touch named/one named/two && echo one >named/.dockerignore")
        try await workspace.write("a\n.*\n", to: "rules")
        try await workspace.write("two\n.*\n", to: "rules-of-named")
        let listed = try await workspace.reel("context", "ls", "--ignore-file", "rules", "c")
        #expect(!listed.output.split(separator: "\n").contains("a") && listed.output.contains("b.tmp"))
        try await workspace.write("FROM scratch\nCOPY . /main/\nCOPY --from=more . /more/\n", to: "c/Dockerfile")
        let built = try await workspace.reel(
            "build",
            "--build-context",
            "more=named",
            "--ignore-file",
            "rules",
            "--ignore-file",
            "more=rules-of-named",
            "--output",
            "type=local,dest=out",
            "c"
        )
        try #require(built.code == 0, "\(built.errors)")
        #expect(
            try await workspace.shell("ls out/main out/more") == """
                out/main:
                Dockerfile
                b.tmp
                logs
                other

                out/more:
                one

                """
        )
        let own = try await workspace.reel(
            "build",
            "--build-context",
            "more=named",
            "--output",
            "type=local,dest=own",
            "c"
        )
        try #require(own.code == 0, "\(own.errors)")
        #expect(try await workspace.shell("ls -A own/more") == ".dockerignore\ntwo\n")
    }

    @Test("An ignored directory is not entered unless an exception can match in it")
    func notEntered() async throws {
        let workspace = try await workspace()
        try await workspace.shell("mkdir -p c/closed/inner && printf 'closed\\n*.tmp\\n!logs/keep\\n' >c/.dockerignore")
        let trace = try await workspace.shell(
            "strace -f -e trace=open,openat,openat2 -o trace '\(Workspace.reel)' context ls c >listed; cat trace listed"
        )
        #expect(!trace.contains("closed") && !trace.contains("inner"))
        #expect(trace.contains("\"logs\"") || trace.contains("/logs"), "the directories that are wanted are seen")
    }

    @Test("Several platforms make an index where no step needs emulation", .timeLimit(.minutes(1)))
    func platforms() async throws {
        let workspace = try await workspace()
        let built = try await workspace.reel(
            "build",
            "-q",
            "--platform",
            "linux/amd64,linux/arm64",
            "--output",
            "type=oci,dest=two.tar",
            "c"
        )
        try #require(built.code == 0, "\(built.errors)")
        let found = try await workspace.shell(
            """
            mkdir two && tar -C two -xf two.tar
            index=$(jq -r '.manifests[0].digest | ltrimstr("sha256:")' two/index.json)
            jq -r '.manifests[].platform | .os + "/" + .architecture' "two/blobs/sha256/$index"
            """
        )
        #expect(found == "linux/amd64\nlinux/arm64\n")
    }

    @Test("Exports survive in an image, and are replayed from it", .timeLimit(.minutes(1)))
    func importFromImage() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let library = """
            FROM busybox:static
            RUN mkdir /opt && echo tool >/opt/tool && echo scattered >/etc/scattered
            EXPORT COPY /opt/tool /usr/bin/the-tool
            EXPORT ENV TOOL=/usr/bin/the-tool
            EXPORT LABEL tool=1
            EXPORT DIFF
            """
        try await workspace.write(library, to: "library/Dockerfile")
        try await workspace.write(
            "FROM busybox:static\nIMPORT --env-prefix=MY_ library:1\nRUN cat $MY_TOOL /etc/scattered >/seen\n",
            to: "user/Dockerfile"
        )
        let made = try await workspace.reel("build", "-q", "-t", "library:1", "library")
        try #require(made.code == 0, "\(made.errors)")
        let built = try await workspace.reel(
            "build",
            "-q",
            "-t",
            "user:1",
            "--output",
            "type=local,dest=out",
            "user"
        )
        try #require(built.code == 0, "\(built.errors)")
        #expect(try await workspace.shell("cat out/seen out/opt/tool") == "tool\nscattered\ntool\n")
        let label = try await workspace.shell("skopeo inspect oci:root:docker.io/library/user:1 | jq -r .Labels.tool")
        #expect(label == "1\n")
    }
}
