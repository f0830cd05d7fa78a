// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import Testing

@testable import Commands

@Suite("What a build's command line asks for")
struct BuildRequestTests {
    @Test("docker's and buildctl's spellings give the request")
    func spellings() throws {
        let bench = try Bench()
        let request = try bench.request(
            [
                "-t", "a:1", "--tag=b:2", "--target", "app", "--build-arg", "X=1=2", "--build-arg", "FROM_ENV",
                "--label", "l=v",
                "--label", "empty", "--platform", "linux/amd64,linux/arm64", "--platform", "linux/arm/v6",
                "--no-cache-filter",
                "s1,s2", "--network", "none", "--add-host", "h:1.2.3.4", "--add-host", "six=[::1]", "--ulimit",
                "nofile=1024:2048", "--ulimit", "core=-1", "--shm-size", "1g", "--allow",
                "network.host,security.insecure",
                "--max-parallelism", "3", "--expect-cached", "--reproducible", "--context-modes=git",
                "--no-store-context",
                "--verify-context", "-o", "type=oci,dest=o.tar", "--output=out", "--exporter", "image",
                "--exporter-opt",
                "name=c:3", "--build-context", "lib=../lib", "--build-context", "base=docker-image://debian:12", "ctx",
            ]
        )
        #expect(request.tags == ["a:1", "b:2"])
        #expect(request.target == "app")
        #expect(request.buildArguments == ["X": "1=2", "FROM_ENV": nil])
        #expect(request.labels == ["l": "v", "empty": ""])
        #expect(request.platforms.map(\.description) == ["linux/amd64", "linux/arm64", "linux/arm/v6"])
        #expect(request.noCacheStages == ["s1", "s2"])
        #expect(!request.noCache)
        #expect(request.network == "none")
        #expect(request.extraHosts.map { "\($0.name) \($0.address)" } == ["h 1.2.3.4", "six ::1"])
        #expect(request.ulimits.map { "\($0.name) \($0.soft) \($0.hard)" } == ["nofile 1024 2048", "core -1 -1"])
        #expect(request.shmSize == 1 << 30)
        #expect(request.allowed == ["network.host", "security.insecure"])
        #expect(request.maxParallelism == 3)
        #expect(request.expectCached && request.reproducible && request.gitModes && request.verifiesContext)
        #expect(!request.storesContext)
        #expect(
            request.outputs == [
                OutputSpecification(exporter: "oci", options: ["dest": "o.tar"]),
                OutputSpecification(exporter: "local", options: ["dest": "out"]),
                OutputSpecification(exporter: "image", options: ["name": "c:3"]),
            ]
        )
        #expect(request.namedContexts == ["lib": "../lib", "base": "docker-image://debian:12"])
        #expect(request.contexts == ["context": bench.folder + "/ctx", "lib": bench.folder + "/../lib"])
    }

    @Test("Without any option everything is at its default")
    func defaults() throws {
        let request = try Bench().request(["."])
        #expect(request.timestamps == .default)
        #expect(request.network == "default")
        #expect(request.storesContext && !request.noCache && !request.expectCached)
        #expect(request.outputs.isEmpty && request.tags.isEmpty && request.platforms.isEmpty)
        guard case .dockerfile(let name, let bytes) = request.frontend else { return #expect(Bool(false)) }
        #expect(name == "Dockerfile")
        #expect(bytes == nil)
    }

    @Test(
        "The Dockerfile is named within the context where it lies there, else in full",
        arguments: [
            (["-f", "ctx/a.Dockerfile", "ctx"], "a.Dockerfile"), (["-f", "./ctx/../ctx/b/c", "ctx/"], "b/c"),
            (["-f", "other/D", "ctx"], "/other/D"), (["-f", "/abs/D", "ctx"], "/abs/D"),
            (["-f", "ctx-other/D", "ctx"], "/ctx-other/D"),
        ]
    )
    func dockerfiles(words: [String], name: String) throws {
        let bench = try Bench()
        guard case .dockerfile(let found, nil) = try bench.request(words).frontend else { return #expect(Bool(false)) }
        #expect(found == (name.hasPrefix("/") && !name.hasPrefix("/abs") ? bench.folder + name : name))
    }

    @Test("Dockerfile and LLB come from standard input")
    func input() throws {
        let bench = try Bench()
        let text = Array("FROM scratch\n".utf8)
        let alone = try bench.request(["-"], input: text)
        guard case .dockerfile("Dockerfile", nil) = alone.frontend else { return #expect(Bool(false)) }
        #expect(try InputFile.read(try #require(alone.contexts["context"]), limit: 100) == text)
        let named = try bench.request(["-f", "sub/Other", "-"], input: text)
        guard case .dockerfile("sub/Other", nil) = named.frontend else { return #expect(Bool(false)) }
        #expect(throws: UsageError.self) { try bench.request(["-f", "-", "-"], input: text) }
        #expect(throws: UsageError.self) { try bench.request(["-"], input: []) }
        let beside = try bench.request(["-f", "-", "ctx"], input: text)
        #expect(beside.contexts == ["context": bench.folder + "/ctx"])
        let graph = try bench.request(["--local", "src=dir"], input: [1, 2, 3])
        guard case .llb(let read) = graph.frontend else { return #expect(Bool(false)) }
        #expect(read == [1, 2, 3])
        #expect(graph.contexts == ["src": bench.folder + "/dir"])
        try bench.write("xyz", to: "g.llb")
        guard case .llb(let file) = try bench.request(["--llb", "g.llb"]).frontend else { return #expect(Bool(false)) }
        #expect(file == Array("xyz".utf8))
    }

    @Test(
        "SOURCE_DATE_EPOCH and --timestamps decide together",
        arguments: [
            ([], [:], .clamp(epoch: 315_532_800)),
            ([], ["SOURCE_DATE_EPOCH": "1700000000"], .clamp(epoch: 1_700_000_000)),
            ([], ["SOURCE_DATE_EPOCH": ""], .clamp(epoch: 315_532_800)), (["--timestamps=keep"], [:], .keep),
            (["--timestamps", "keep"], ["SOURCE_DATE_EPOCH": "5"], .keep),
            (["--build-arg", "SOURCE_DATE_EPOCH=7"], ["SOURCE_DATE_EPOCH": "5"], .clamp(epoch: 7)),
            (["--build-arg", "SOURCE_DATE_EPOCH"], ["SOURCE_DATE_EPOCH": "5"], .clamp(epoch: 5)),
        ] as [([String], [String: String], TimestampPolicy)]
    )
    func epochs(words: [String], variables: [String: String], policy: TimestampPolicy) throws {
        #expect(try Bench().request(words + ["."], variables: variables).timestamps == policy)
    }

    @Test(
        "Secrets and agents name where their value is, and none is read",
        arguments: [
            ("id=a,src=f", "a", SecretSource.file("/f")), ("id=a,env=V", "a", .variable("V")),
            ("id=SET", "SET", .variable("SET")), ("id=unset", "unset", .file("/unset")),
            ("src=dir/name", "name", .file("/dir/name")),
            ("type=env,id=V", "V", .variable("V")), ("type=file,id=a,source=x", "a", .file("/x")),
            ("env=SET", "SET", .variable("SET")),
        ]
    )
    func secrets(text: String, id: String, source: SecretSource) throws {
        let bench = try Bench()
        let request = try bench.request(["--secret", text, "."], variables: ["SET": "x"])
        var expected = source
        if case .file(let path) = source { expected = .file(bench.folder + path) }
        #expect(request.secrets == [id: expected])
        let agents = try bench.request(
            ["--ssh", "default", "--ssh", "k=s.sock", "."],
            variables: ["SSH_AUTH_SOCK": "/run/a"]
        )
        #expect(agents.agents == ["default": "/run/a", "k": bench.folder + "/s.sock"])
    }
}
