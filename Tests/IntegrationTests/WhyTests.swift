// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// One change of a build, and what it does to the keys.
struct Mutation: Sendable {
    var name: String
    /// Applied in a copy of the directory, by bash.
    var script = ""
    var options: [String] = []
    /// The causes of the first step that is not cached, in brief; empty where every step stays cached.
    var causes: [String]

    init(_ name: String, _ script: String = "", options: [String] = [], _ causes: [String]) {
        self.name = name
        self.script = script
        self.options = options
        self.causes = causes
    }
}

/// Explanations through the real program, with real containers.
@Suite("Why")
struct WhyTests {
    static let dockerfile = """
        FROM busybox:static AS tools
        RUN echo tool >/tool

        FROM busybox:static AS other
        RUN echo other >/tool

        FROM busybox:static
        ARG MODE=fast
        ARG DIR=src
        ENV COLOR=red
        WORKDIR /app
        COPY a.txt b.txt ./
        COPY ${DIR} ./src
        COPY --from=extra e.txt /e.txt
        COPY <<END /conf
        key = value
        END
        COPY --from=tools /tool /tool
        RUN --mount=type=cache,id=one,target=/cache --mount=type=bind,source=bound,target=/bound \\
            --mount=type=secret,id=tok,target=/run/tok cat a.txt >/got
        RUN --mount=type=bind,from=other,source=/tool,target=/given echo last
        CMD ["true"]
        """

    static let setUp = """
        mkdir -p base/src base/src2 base/bound extra && cd base
        echo a >a.txt; echo b >b.txt; echo main >src/main.c; echo x >src/x.c; printf '#!/bin/sh\\n' >src/run.sh
        ln -s main.c src/link; echo noise >src/debug.log; echo bound >bound/x; echo unused >unused.txt
        cp -a src/. src2/; echo more >src2/more.c; echo e >../extra/e.txt
        printf '**/*.log\\nsecret\\n' >.dockerignore
        chmod 644 a.txt src/*.c src2/*.c bound/x; chmod 664 b.txt; chmod 755 src/run.sh
        """

    static let mutations: [Mutation] = [
        Mutation("a byte of a file", "echo A >a.txt", ["file context a.txt content"]),
        Mutation("a new file", "echo n >src/new.c", ["file context src/new.c added"]),
        Mutation("a file less", "rm src/x.c", ["file context src/x.c removed"]),
        Mutation(
            "another name",
            "mv src/x.c src/y.c",
            ["file context src/x.c removed", "file context src/y.c added"]
        ),
        Mutation("a umask", "chmod 600 a.txt", ["file context a.txt mode only, likely umask 0644 0600"]),
        Mutation("a mode that no umask makes", "chmod 755 src/main.c", ["file context src/main.c mode 0644 0755"]),
        Mutation(
            "the target of a link",
            "ln -sfn x.c src/link",
            [
                "file context src/link link target a link to main.c a link to x.c"
            ]
        ),
        Mutation(
            "a directory in the place of a file",
            "rm src/x.c; mkdir src/x.c",
            [
                "file context src/x.c type a file a directory"
            ]
        ),
        Mutation(
            "an attribute",
            "setfattr -n user.note -v 1 src/main.c",
            [
                "file context src/main.c extended attributes"
            ]
        ),
        Mutation("a file that nothing reads", "echo other >unused.txt", []),
        Mutation("a file that is ignored", "echo more >>src/debug.log", []),
        Mutation("times alone", "find . -exec touch -h -d 2001-02-03 {} +", []),
        Mutation(
            "a rule less",
            "sed -i 1d .dockerignore",
            [
                "file context src/debug.log unignored .dockerignore:1 **/*.log"
            ]
        ),
        Mutation(
            "a rule more",
            "echo src/x.c >>.dockerignore",
            [
                "file context src/x.c ignored .dockerignore:3 src/x.c"
            ]
        ),
        Mutation(
            "an exception",
            "echo '!src/debug.log' >>.dockerignore",
            [
                "file context src/debug.log unignored .dockerignore:3 !src/debug.log"
            ]
        ),
        Mutation("a comment among the rules", "sed -i '1i # noise' .dockerignore", []),
        Mutation(
            "an ignore file of the Dockerfile's own",
            "(cat .dockerignore; echo a* ) >Dockerfile.dockerignore; echo '!a.txt' >>Dockerfile.dockerignore; echo src/x.c >>Dockerfile.dockerignore",
            [
                "file context src/x.c ignored Dockerfile.dockerignore:5 src/x.c"
            ]
        ),
        Mutation("a file of a named context", "echo E >../extra2/e.txt", ["file extra e.txt content"]),
        Mutation("a mounted file", "echo B >bound/x", ["file context bound/x content"]),

        Mutation("a build argument", "", options: ["--build-arg", "MODE=slow"], ["build-argument MODE fast slow"]),
        Mutation("a build argument in a path", "", options: ["--build-arg", "DIR=src2"], ["build-argument DIR src2"]),
        Mutation("a build argument that nothing uses", "", options: ["--build-arg", "NOBODY=1"], []),
        Mutation(
            "the default of an argument",
            "sed -i s/MODE=fast/MODE=slow/ Dockerfile",
            [
                "environment MODE fast slow"
            ]
        ),
        Mutation("a variable", "sed -i s/COLOR=red/COLOR=blue/ Dockerfile", ["environment COLOR red blue"]),
        Mutation("a new variable", "sed -i 's/^ENV.*/&\\nENV SIZE=1/' Dockerfile", ["environment SIZE 1"]),
        Mutation(
            "a command",
            "sed -i 's/echo tool/echo hammer/' Dockerfile",
            [
                "operation exec.meta.args[2] echo tool >/tool echo hammer >/tool"
            ]
        ),
        Mutation(
            "a shell",
            "sed -i 's/^ENV.*/&\\nSHELL [\"\\/bin\\/ash\", \"-c\"]/' Dockerfile",
            [
                "operation exec.meta.args[0] /bin/sh /bin/ash"
            ]
        ),
        Mutation("a user", "sed -i 's/^RUN --mount=type=cache/USER 7\\n&/' Dockerfile", ["operation exec.meta.user 7"]),
        Mutation(
            "a working directory",
            "sed -i 's/^RUN --mount=type=bind,from/WORKDIR \\/\\n&/' Dockerfile",
            [
                "operation exec.meta.cwd /app /"
            ]
        ),
        Mutation(
            "the folder of WORKDIR",
            "sed -i 's/^WORKDIR .app/WORKDIR \\/app2/' Dockerfile",
            [
                "operation file.actions[0].Action.mkdir.path /app /app2"
            ]
        ),
        Mutation(
            "an owner",
            "sed -i 's/^COPY a/COPY --chown=1:1 a/' Dockerfile",
            [
                #"operation file.actions[0].Action.copy.owner {"group":{"User":{"byId":1}},"user":{"User":{"byId":1}}}"#,
                #"operation file.actions[1].Action.copy.owner {"group":{"User":{"byId":1}},"user":{"User":{"byId":1}}}"#,
            ]
        ),
        Mutation(
            "a destination",
            "sed -i 's/^COPY ${DIR} .*/COPY ${DIR} .\\/SRC/' Dockerfile",
            [
                "operation file.actions[0].Action.copy.dest /app/src /app/SRC"
            ]
        ),
        Mutation(
            "a document in the Dockerfile",
            "sed -i 's/key = value/key = other/' Dockerfile",
            [
                "operation file.actions[0].Action.mkfile.data"
            ]
        ),
        Mutation(
            "the stage that is copied from",
            "sed -i 's/^COPY --from=tools/COPY --from=other/' Dockerfile",
            [
                "operation from [tools 2/2] RUN echo tool >/tool [other 2/2] RUN echo other >/tool"
            ]
        ),
        Mutation(
            "the name of a cache",
            "sed -i 's/id=one/id=two/' Dockerfile",
            [
                "mount /cache type=cache,id=/one type=cache,id=/two"
            ]
        ),
        Mutation(
            "the name of a secret",
            "sed -i 's/id=tok/id=key/' Dockerfile",
            [
                "mount /run/tok type=secret,id=tok,mode=0400,optional=true type=secret,id=key,mode=0400,optional=true"
            ]
        ),
        Mutation(
            "a mount more",
            "sed -i 's/^RUN --mount=type=cache/RUN --mount=type=tmpfs,target=\\/t --mount=type=cache/' Dockerfile",
            [
                "mount /t type=tmpfs"
            ]
        ),
        Mutation(
            "a mount less",
            "sed -i 's/--mount=type=bind,source=bound,target=.bound//' Dockerfile",
            [
                "mount /bound type=bind,source=/bound,ro"
            ]
        ),
        Mutation(
            "a mount that can be written",
            "sed -i 's/target=.bound/target=\\/bound,rw/' Dockerfile",
            [
                "mount /bound type=bind,source=/bound,ro type=bind,source=/bound"
            ]
        ),
        Mutation(
            "the network of a step",
            "sed -i 's/^RUN --mount=type=bind,from/RUN --network=none --mount=type=bind,from/' Dockerfile",
            [
                "operation exec.network default none"
            ]
        ),
        Mutation("the network of all steps", "", options: ["--network", "none"], ["option force-network-mode none"]),
        Mutation("a host", "", options: ["--add-host", "h:10.0.0.1"], ["option add-hosts h=10.0.0.1"]),
        Mutation("a limit", "", options: ["--ulimit", "nofile=100:100"], ["option ulimit nofile=100:100"]),
        Mutation("the size of shared memory", "", options: ["--shm-size", "1m"], ["option shm-size 1048576"]),
        Mutation("the epoch in the environment", "", options: ["--reproducible"], ["option reproducible true"]),
        Mutation(
            "the epoch",
            "",
            options: ["--build-arg", "SOURCE_DATE_EPOCH=1000000000"],
            ["timestamps 315532800 1000000000"]
        ),
        Mutation("real times", "", options: ["--timestamps", "keep"], ["timestamps 315532800 keep"]),
        Mutation("git's two modes", "", options: ["--context-modes", "git"], ["option context-modes git"]),
        Mutation("no cache", "", options: ["--no-cache"], ["cache-refused --no-cache"]),
        Mutation(
            "no cache for a stage",
            "",
            options: ["--no-cache-filter", "tools"],
            ["cache-refused --no-cache-filter"]
        ),
        Mutation("a label", "", options: ["--label", "a=b"], []),
        Mutation("the image's command", "sed -i 's/\"true\"/\"false\"/' Dockerfile", []),
        Mutation("a step more", "sed -i 's/^COPY a/RUN echo more\\n&/' Dockerfile", ["new-step"]),
        Mutation(
            "a step less",
            "sed -i '/^COPY --from=tools/d' Dockerfile",
            [
                "removed-step [stage-2 7/9] COPY --from=tools /tool /tool"
            ]
        ),
        Mutation(
            "another base",
            "sed -i 's/^FROM busybox:static AS tools/FROM busybox:other AS tools/' Dockerfile",
            [
                "operation base docker-image://docker.io/library/busybox:static docker-image://docker.io/library/busybox:other"
            ]
        ),
    ]

    /// A cause as words: its kind, and the values that say what and how.
    static func brief(_ cause: JSONValue) -> String {
        var words = [cause["kind"]?.text ?? ""]
        for member in ["context", "path", "name", "destination", "identifier", "step", "option", "what", "change"] {
            if let text = cause[member]?.text { words.append(text) }
        }
        if let rule = cause["rule"] {
            words.append("\(rule["file"]?.text ?? ""):\(rule["line"]?.integer ?? 0) \(rule["text"]?.text ?? "")")
        }
        words += [cause["before"]?.text, cause["after"]?.text].compactMap { $0 }
        return words.joined(separator: " ")
    }

    /// The ends of the chains of causes.
    static func roots(_ cause: JSONValue) -> [JSONValue] {
        guard let because = cause["because"]?.elements, !because.isEmpty else { return [cause] }
        return because.flatMap(roots)
    }

    private func workspace() async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let tar = try await Workspace.busyboxTar()
        try await workspace.shell("cp '\(tar)' other.tar; mkdir d; echo o >d/o; tar -rf other.tar -C d o")
        let other = try await workspace.reel("image", "import", "busybox:other", "other.tar")
        try #require(other.code == 0, "\(other.errors)")
        try await workspace.write(Self.dockerfile, to: "base/Dockerfile")
        try await workspace.shell(Self.setUp)
        let built = try await workspace.reel("build", "-q", "--build-context", "extra=extra", "base")
        try #require(built.code == 0, "\(built.errors)")
        return workspace
    }

    @Test("A single change is explained by exactly its cause", .timeLimit(.minutes(4)))
    func mutations() async throws {
        #expect(Self.mutations.count >= 30)
        let workspace = try await workspace()
        for mutation in Self.mutations {
            try await workspace.shell(
                "rm -rf m extra2; cp -a base m; cp -a extra extra2; cd m; \(mutation.script)"
            )
            let arguments =
                ["build", "--expect-cached", "--json", "--progress", "quiet", "--build-context", "extra=extra2"]
                + mutation.options + ["m"]
            let built = try await workspace.run(Workspace.reel, arguments)
            #expect(built.code == (mutation.causes.isEmpty ? 0 : 13), "\(mutation.name): \(built.errors)")
            let why = try built.json.first?["why"]
            let causes = (why?["causes"]?.elements ?? []).flatMap(Self.roots).map(Self.brief)
            #expect(causes == mutation.causes, "\(mutation.name)")
            guard !mutation.causes.isEmpty else { continue }
            #expect(why?["outcome"]?.text == "missed", "\(mutation.name)")
        }
    }

    @Test("A base that moved explains the steps on it, also where its configuration is what they see")
    func base() async throws {
        let workspace = try await workspace()
        let imported = try await workspace.reel("image", "import", "busybox:static", "other.tar")
        try #require(imported.code == 0, "\(imported.errors)")
        let built = try await workspace.reel(
            "build",
            "--expect-cached",
            "--build-context",
            "extra=extra",
            "--json",
            "base"
        )
        #expect(built.code == 13)
        let causes = try built.json.first?["why"]?["causes"]?.elements ?? []
        #expect(causes.count == 1)
        #expect(causes.first?["kind"] == "source")
        #expect(causes.first?["identifier"] == "docker-image://docker.io/library/busybox:static")
    }

    @Test("Steps above the change name the way down to it, in words and as JSON")
    func chain() async throws {
        let workspace = try await workspace()
        try await workspace.shell("echo A >base/a.txt")
        let built = try await workspace.reel("build", "-q", "--build-context", "extra=extra", "base")
        try #require(built.code == 0, "\(built.errors)")
        let all = try await workspace.reel("why", "--json")
        try #require(all.code == 0, "\(all.errors)")
        let lines = try all.json
        #expect(lines.count >= 5)
        for line in lines {
            let roots = (line["causes"]?.elements ?? []).flatMap(Self.roots).map(Self.brief)
            #expect(roots == ["file context a.txt content"], "\(line["step"]?.text ?? "")")
        }
        let last = try await workspace.reel("why", "echo last")
        #expect(last.output.contains("what it stands on changed: [stage-2 8/9] RUN"))
        #expect(last.output.contains("a.txt in the context 'context': content"))
        #expect(try await workspace.reel("why", "latest", "echo last").output == last.output)
        let cached = try await workspace.reel("why", "echo tool")
        #expect(cached.output.contains("was cached"))
        #expect(cached.output.contains("nothing that its key is made of changed"))
    }

    @Test("A step that gives another result each time is named as what it is")
    func unreproducible() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(
            "FROM busybox:static\nRUN cat /proc/sys/kernel/random/uuid >/x\nRUN cat /x >/y\n",
            to: "c/Dockerfile"
        )
        for options in [[], ["--no-cache"]] {
            let built = try await workspace.run(Workspace.reel, ["build", "-q"] + options + ["c"])
            try #require(built.code == 0, "\(built.errors)")
        }
        let lines = try await workspace.reel("why", "--json").json
        #expect(
            lines.map { ($0["causes"]?.elements ?? []).compactMap { $0["kind"]?.text } } == [
                ["cache-refused"], ["result"],
            ]
        )
    }

    @Test("The platform, a first build, a result that is gone, and names that mean nothing", .timeLimit(.minutes(1)))
    func rest() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let tar = try await Workspace.busyboxTar()
        let foreign = try await workspace.reel("image", "import", "--platform", "linux/arm64", "busybox:static", tar)
        try #require(foreign.code == 0, "\(foreign.errors)")
        try await workspace.write("FROM busybox:static\nRUN echo a >/a\n", to: "c/Dockerfile")
        #expect(try await workspace.reel("why").code == 2)
        let built = try await workspace.reel("build", "-q", "c")
        try #require(built.code == 0, "\(built.errors)")
        func causes(_ arguments: String...) async throws -> [String] {
            let told = try await workspace.run(Workspace.reel, ["why", "--json"] + arguments)
            #expect(told.code == 0, "\(told.errors)")
            return try told.json.flatMap { ($0["causes"]?.elements ?? []).map(Self.brief) }
        }
        #expect(try await causes() == ["first-build"])
        let first = try #require(try await workspace.reel("history", "ls", "--json").json.first)
        let id = try #require(first["id"]?.text)

        let arm = try await workspace.reel("build", "--expect-cached", "--platform", "linux/arm64", "c")
        #expect(arm.code == 13)
        #expect(arm.errors.contains("the platform: linux/amd64 → linux/arm64"))
        #expect(arm.errors.contains("compared with \(id)"))
        #expect(try await causes() == ["platform linux/amd64 linux/arm64"])

        let layer = try #require(
            try await workspace.reel("history", "inspect", id, "--json").json.first?["steps"]?.elements?.first?[
                "results"
            ]?.elements?.first?["diffID"]?.text
        )
        try await workspace.shell("rm root/blobs/sha256/\(layer.dropFirst(7))")
        #expect(try await workspace.reel("build", "--expect-cached", "c").code == 13)
        #expect(try await causes() == ["result-gone"])
        #expect(try await workspace.reel("build", "-q", "c").code == 0)
        #expect(try await causes() == ["result-gone"])

        let unknown = try await workspace.reel("why", "nonsense")
        #expect(unknown.code == 2)
        #expect(unknown.errors.contains("no step is called 'nonsense'"))
        #expect(try await workspace.reel("why", "latest", "--against", "zzz").code == 2)
    }
}
