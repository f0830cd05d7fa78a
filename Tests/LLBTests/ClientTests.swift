// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@testable import LLB

/// The programs that made the vectors, in the words of the Swift client.
private enum Programs {
    static let context = State.local("ctx")
    static let base = State.local("rootfs").environment("PATH", "/bin")

    static func program(_ name: String) throws -> State {
        switch name {
        case "exec-basic":
            let first = base.environment("A", "1").environment("B", "two words").environment("A", "3").directory("/opt")
                .run(["sh", "-c", "env | grep -E '^[AB]=' | sort > /out; pwd >> /out"]).root
            return first.directory("sub").user("app").run(shell: "id > /tmp/id; pwd >> /tmp/id").root
        case "exec-mounts":
            return try mounts()
        case "exec-multi-output":
            return try outputs()
        case "file-chained-actions":
            let made = FileSteps().makeDirectory("/m").makeFile("/m/x", "x")
            return State.scratch.file(
                made.copy(from: made, on: .scratch, "/m/x", to: "/copied").remove("/m/x")
                    .copy(from: context, "/one.txt", to: "/m/one")
            )
        case "copy-patterns":
            return patterns()
        case "local-patterns":
            return State.local(
                "ctx",
                LocalSource(includePatterns: ["dir", "*.md", "link"], excludePatterns: ["**/g", "!dir/s1/g"])
            )
        case "git-commit":
            return State.git("http://127.0.0.1:5187/repo.git", ref: "1e8a29898ea07ba368dc55f87265c25dbbaac6b3")
        case "merge":
            let owner = Ownership(user: .id(1), group: .id(2))
            return State.merge([
                State.scratch.file(
                    FileSteps().makeDirectory("/d", mode: 0o700).makeFile("/d/a", "a").makeFile("/same", "from a")
                ),
                State.scratch.file(
                    FileSteps().makeDirectory("/d", owner: owner).makeFile("/d/b", "b")
                        .makeFile("/same", mode: 0o600, "from b")
                ),
            ])
        case "diff":
            let script =
                "rm /etc/base-release; echo n > /etc/new; rm -r /opt/opaque; mkdir /opt/opaque; "
                + "echo z2 > /opt/opaque/z2; chmod 700 /usr; ln -s x /opt/lnk"
            return State.diff(base, base.run(shell: script).root)
        default:
            return metadata()
        }
    }

    private static func mounts() throws -> State {
        let script =
            "touch /x 2>/dev/null || echo ro > /out/r; touch /src/x 2>/dev/null || echo ro >> /out/r; "
            + "cat /src/one.txt /sel/f >> /out/r"
        let run = base.run(shell: script) {
            $0.isRootReadOnly = true
            $0.mount("/src", context, isReadOnly: true)
            $0.mount("/sel", context, selector: "/dir/s1")
            $0.mount("/out", .scratch)
        }
        return try run.mount("/out")
    }

    private static func outputs() throws -> State {
        let script = "echo 1 > /o1/a; echo 2 > /o2/b; echo 3 > /root-too; echo 4 > /noout/x"
        let run = base.run(shell: script) {
            $0.mount("/o1", .scratch)
            $0.mount("/o2", context)
            $0.mount("/noout", .scratch, discardsChanges: true)
        }
        return State.scratch.file(
            FileSteps().copy(from: try run.mount("/o1"), "/a", to: "/a")
                .copy(from: try run.mount("/o2"), "/", to: "/two/") {
                    $0.copiesDirectoryContents = true
                    $0.createsDestinationPath = true
                }
                .copy(from: run.root, "/root-too", to: "/r")
        )
    }

    private static func patterns() -> State {
        func copy(
            _ state: State,
            _ source: String,
            _ destination: String,
            _ configure: (inout CopyAction) -> Void
        ) -> State {
            state.file(
                FileSteps().copy(from: context, source, to: destination) {
                    $0.createsDestinationPath = true
                    configure(&$0)
                }
            )
        }
        let first = copy(.scratch, "/", "/i/") {
            $0.copiesDirectoryContents = true
            $0.includePatterns = ["**/*.md", "dir/s1"]
        }
        let second = copy(first, "/", "/e/") {
            $0.copiesDirectoryContents = true
            $0.excludePatterns = ["dir", "!dir/s2/f", "*.txt"]
        }
        return copy(second, "dir", "/ie/") {
            $0.includePatterns = ["s*/**"]
            $0.excludePatterns = ["**/g"]
        }
    }

    private static func metadata() -> State {
        var metadata = VertexMetadata(description: ["k": "v"], ignoresCache: true)
        metadata.exportsCache = true
        metadata.progressGroup = ProgressGroup(id: "g", name: "group", isWeak: true)
        let options = VertexOptions(name: "a name", metadata: metadata)
        return State.scratch.file(FileSteps().makeFile("/f", "m"), options)
    }
}

@Suite("The client")
struct ClientTests {
    @Test(
        "The programs of BuildKit's client give the same bytes",
        arguments: Vectors.names.filter { $0 != "example-buildkit0" }
    )
    func programs(name: String) throws {
        let definition = try Programs.program(name)
            .marshal(platform: Platform(os: "linux", architecture: "amd64"), localUniqueID: "reel-kit")
        let expected = try Definition(decoding: Vectors.definition(name))
        #expect(definition.vertices.map(\.digest) == expected.vertices.map(\.digest))
        #expect(definition.output == expected.output)
        #expect(definition.dumpJSONLines() == expected.dumpJSONLines())
        let isEqual = try definition.encoded == Vectors.definition(name)
        #expect(isEqual)
    }

    @Test("BuildKit's own example gives the same digests")
    func example() throws {
        let go = State.image("docker.io/library/golang:1.26-alpine")
            .environment("PATH", "/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .environment("GOPATH", "/go")
        func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        func copy(_ from: State, _ source: String, _ to: State, _ destination: String) throws -> State {
            let run = State.image("alpine").run(["cp", "-a", "/src" + source, "/dest" + destination]) {
                $0.mount("/src", from)
                $0.mount("/dest", to)
            }
            return try run.mount("/dest")
        }
        let tools = go.run(words("apk add --no-cache g++ linux-headers")).root
            .run(words("apk add --no-cache git libseccomp-dev make")).root
        func source(_ path: String, _ tag: String?) -> State {
            let cloned = tools.run(words("git clone https://github.com/\(path).git /go/src/github.com/\(path)")).root
                .directory("/go/src/github.com/\(path)")
            return tag.map { cloned.run(words("git checkout -q \($0)")).root } ?? cloned
        }
        let buildkit = source("moby/buildkit", nil)
        let buildctl = buildkit.run(words("go build -o /bin/buildctl ./cmd/buildctl")).root
        let buildkitd = buildkit.run(words("go build -o /bin/buildkitd ./cmd/buildkitd")).root
        let runc = source("opencontainers/runc", "v1.1.7").run(words("go build -o /usr/bin/runc ./")).root
        let withBtrfs = tools.run(words("apk add --no-cache btrfs-progs-dev")).root
        let containerd =
            withBtrfs
            .run(
                words("git clone https://github.com/containerd/containerd.git /go/src/github.com/containerd/containerd")
            )
            .root.directory("/go/src/github.com/containerd/containerd").run(words("git checkout -q v1.7.2")).root
            .run(words("make bin/containerd")).root
        let alpine = State.image("alpine")
        var result = try copy(buildctl, "/bin/buildctl", alpine, "/bin/")
        result = try copy(runc, "/usr/bin/runc", result, "/bin/")
        result = try copy(buildkitd, "/bin/buildkitd", result, "/bin/")
        result = try copy(containerd, "/go/src/github.com/containerd/containerd/bin/containerd", result, "/bin/")
        let definition = try result.run(words("ls -l /bin")).root
            .marshal(platform: Platform(os: "linux", architecture: "amd64"))
        let expected = try Definition(decoding: Vectors.definition("example-buildkit0"))
        #expect(Set(definition.vertices.map(\.digest)) == Set(expected.vertices.map(\.digest)))
        #expect(definition.output == expected.output)
    }

    @Test("Every option of a run is in its vertex, and decodes again")
    func options() throws {
        var metadata = VertexMetadata()
        metadata.resources = ResourceAllowance(memory: 1 << 30, cpus: "0-1")
        let run = State.image("debian:12").network(.none).ulimit("nofile", soft: 10, hard: 20).extraHost(
            "h",
            "10.0.0.1"
        )
        .hostname("box").cgroupParent("/x")
        .run(["true"], VertexOptions(constraints: ["worker==a"], metadata: metadata)) {
            $0.cache("/cache", id: "c", sharing: .locked)
            $0.tmpfs("/tmp", size: 4096)
            $0.secret("/run/secrets/s", id: "s")
            $0.secretEnvironment("TOKEN", id: "t", isOptional: true)
            $0.ssh()
            $0.device("vendor.com/gpu=0")
            $0.validExitCodes = [0, 3]
            $0.proxy = ProxyEnvironment(http: "http://proxy", all: "socks://all")
            $0.mount("/in", .local("in"), isReadOnly: true, contentCache: .on)
        }
        #expect(throws: StateError.noMount("/cache")) { try run.mount("/cache") }
        #expect(throws: StateError.noMount("/none")) { try run.mount("/none") }
        let definition = try Definition(decoding: run.root.marshal().encoded)
        let vertex = try #require(definition.vertices.last)
        guard case .exec(let exec) = vertex.operation else {
            Issue.record("not a run")
            return
        }
        #expect(
            exec.mounts.map(\.destination) == [
                "/", "/cache", "/in", "/tmp", "/run/secrets/s", "/run/buildkit/ssh_agent.0",
            ]
        )
        #expect(exec.mounts.compactMap(\.output) == [0])
        #expect(exec.process.environment == ["SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0"])
        #expect(exec.process.validExitCodes == [0, 3])
        #expect(exec.process.proxy?.all == "socks://all")
        #expect(exec.process.ulimits == [ResourceLimit(name: "nofile", soft: 10, hard: 20)])
        #expect(exec.network == .none && exec.devices.count == 1 && exec.secretEnvironment.count == 1)
        #expect(vertex.constraints == ["worker==a"] && vertex.metadata.resources?.memory == 1 << 30)
        let bytes = vertex.operation.encode(
            inputs: vertex.inputs,
            platform: vertex.platform,
            constraints: vertex.constraints
        )
        #expect(bytes == vertex.bytes)
    }

    @Test("The empty state is the empty definition; a bad name says so when it is written")
    func edges() throws {
        #expect(try State.scratch.marshal().output == nil)
        #expect(try State.merge([.scratch, .scratch]).marshal().output == nil)
        #expect(throws: StateError.self) { try State.image("Not A Name").marshal() }
        #expect(throws: StateError.noArguments) { try State.image("a").run([]).root.marshal() }
    }

    @Test("Ten thousand steps in a row")
    func depth() throws {
        var state = State.image("debian:12")
        for index in 0..<10_000 { state = state.run(["step", String(index)]).root }
        #expect(try state.marshal().vertices.count == 10_001)
    }

    @Test(
        "Git URLs name what BuildKit names",
        arguments: [
            ("https://github.com/moby/buildkit.git", "v1", "git://github.com/moby/buildkit.git#v1"),
            ("github.com/moby/buildkit.git", "", "git://github.com/moby/buildkit.git"),
            ("git@github.com:moby/buildkit.git", "main:sub/dir", "git://github.com/moby/buildkit.git#main:sub/dir"),
            ("ssh://git@host:22/x", ":sub/../other", "git://host:22/x#:other"),
            ("https://user@host/x.git", "", "git://host/x.git"),
        ]
    )
    func git(url: String, ref: String, identifier: String) throws {
        let definition = try State.git(url, ref: ref).marshal()
        guard case .source(let source)? = definition.vertices.first?.operation else {
            Issue.record("not a source")
            return
        }
        #expect(source.identifier == identifier)
    }
}
