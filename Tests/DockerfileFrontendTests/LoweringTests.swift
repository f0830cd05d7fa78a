// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel
import Testing

@testable import DockerfileFrontend

@Suite("Lowering")
struct LoweringTests {
    @Test("Each image and platform is asked for once, and only where a stage is needed")
    func asksOnce() async throws {
        let text =
            "FROM alpine AS a\nFROM alpine AS b\nRUN x\nFROM nowhere AS unused\nFROM b\nCOPY --from=a / /\nCOPY --from=busybox / /"
        let images = FakeImages()
        _ = try await DockerfileFrontend.lower(
            DockerfileRequest(source: Array(text.utf8), buildPlatforms: [amd64]),
            images: images
        )
        #expect(images.questions == ["alpine:latest linux/amd64", "busybox:latest linux/amd64"])
    }

    @Test(
        "No image is resolved before the whole file is checked",
        arguments: [
            "FROM alpine\nRUN x\nRUM y", "FROM alpine\nCOPY --form=x a b", "FROM alpine AS a\nCOPY --from=a x y",
            "FROM alpine\nFROM $EMPTY", "FROM alpine\nFROM Bad", "FROM alpine\nCOPY --from=9 a b",
        ]
    )
    func checksFirst(text: String) async {
        let images = FakeImages()
        await #expect(throws: DockerfileError.self) {
            try await DockerfileFrontend.lower(
                DockerfileRequest(source: Array(text.utf8), buildPlatforms: [amd64]),
                images: images
            )
        }
        #expect(images.questions.isEmpty)
    }

    @Test("The same request gives the same bytes")
    func repeats() async throws {
        let text =
            "ARG A=1\nFROM alpine AS a\nRUN --mount=type=cache,target=/c x\nCOPY . /\nFROM a\nENV B=2 C=3\nCOPY --link b /c"
        let change = { (request: inout DockerfileRequest) in
            request.labels = ["x": "1", "y": "2", "z": "3"]
            request.buildArguments = ["A": "2", "http_proxy": "p", "X": nil]
        }
        let one = try await lower(text, change)
        for _ in 0..<5 {
            let other = try await lower(text, change)
            #expect(one.platforms.map { $0.definition?.encoded } == other.platforms.map { $0.definition?.encoded })
            #expect(one.platforms.map(\.config) == other.platforms.map(\.config))
        }
    }

    @Test("A comment, a warning or a name of a stage changes no vertex")
    func digestsAreSemantic() async throws {
        func digest(_ text: String) async throws -> ContentDigest? {
            try await lower(text).platforms[0].definition?.output?.digest
        }
        let plain = try await digest("FROM alpine\nRUN a\nCOPY x /y")
        #expect(try await digest("# hi\nFROM alpine AS named\n\n# there\nRUN a\nCOPY x /y\nLABEL l=1") == plain)
        #expect(try await digest("FROM alpine\nRUN b\nCOPY x /y") != plain)
    }

    @Test("What is copied decides what is sent of the context")
    func followPaths() async throws {
        func paths(_ lines: String...) async throws -> String? {
            let result = try await lower("FROM alpine\n" + lines.joined(separator: "\n"))
            for vertex in result.platforms[0].definition?.vertices ?? [] {
                if case .source(let source) = vertex.operation, source.scheme == "local" {
                    return source.attributes[SourceAttribute.localFollowPaths] ?? "all"
                }
            }
            return nil
        }
        #expect(try await paths("COPY b a /x/", "ADD ./c/../d /x") == #"["a","b","d"]"#)
        #expect(try await paths("COPY a /x", "COPY . /y") == "all")
        #expect(try await paths("RUN --mount=target=/x,source=sub y") == #"["sub"]"#)
        #expect(try await paths("RUN --mount=target=/x y") == "all")
        #expect(try await paths("RUN y") == nil)
        #expect(try await paths("COPY a<b&c /x") == #"["a\u003cb\u0026c"]"#)
    }

    @Test("A Dockerfile without steps has no definition, or its base's")
    func nothingToDo() async throws {
        #expect(try await lower("FROM scratch\nENV A=1").platforms[0].definition == nil)
        #expect(try await lower("FROM alpine\nENV A=1").platforms[0].definition?.vertices.count == 1)
    }

    @Test(
        "The history has as many entries with a layer as there are steps and base layers",
        arguments: [
            ("FROM alpine\nRUN a\nWORKDIR /x\nCOPY a b\nWORKDIR /\nENV A=1", 1 + 3), ("FROM sparse\nRUN a", 3 + 1),
            ("FROM excess\nRUN a", 1 + 1), ("FROM scratch\nADD a b", 1), ("FROM alpine AS a\nRUN x\nFROM a\nRUN y", 3),
            ("FROM alpine AS a\nEXPORT COPY x y\nEXPORT DIFF\nRUN x\nFROM alpine\nIMPORT a", 1 + 2),
            ("FROM alpine\nCOPY --link a b", 2),
        ]
    )
    func history(text: String, layers: Int) async throws {
        let config = try await lower(text).platforms[0].config
        #expect(config.history.count { !$0.emptyLayer } == layers)
    }

    @Test("What images throw gets a place and keeps its kind")
    func missingImage() async {
        await #expect(throws: DockerfileError.self) {
            do {
                _ = try await lower("FROM alpine\nFROM gone")
            } catch let error as DockerfileError {
                #expect(error.kind == .missing)
                #expect(error.position?.line == 2)
                throw error
            }
        }
    }

    @Test(
        "A named context wins over a stage and an image of its name, whatever the spelling",
        arguments: [
            "alpine", "alpine:latest", "docker.io/library/alpine",
        ]
    )
    func contexts(name: String) async throws {
        let result = try await lower("FROM alpine\nCOPY --from=alpine x y") {
            $0.namedContexts[name] = .image("busybox")
        }
        let sources = (result.platforms[0].definition?.vertices ?? []).compactMap {
            if case .source(let source) = $0.operation { source.identifier } else { nil }
        }
        #expect(sources.contains { $0.contains("busybox") } && !sources.contains { $0.contains("alpine") })
    }

    @Test("Lint checks stages that the target does not need, and takes missing images for empty ones")
    func lint() async throws {
        let text = "FROM gone AS a\nCMD x\nFROM alpine\nENV TOKEN=1"
        let report = try await DockerfileFrontend.lint(
            DockerfileRequest(source: Array(text.utf8), buildPlatforms: [amd64]),
            images: FakeImages()
        )
        #expect(report.warnings.map(\.rule) == ["JSONArgsRecommended", "SecretsUsedInArgOrEnv"])
        #expect(!report.isError && report.error == nil)
        #expect(report.warnings[0].url == "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/")
    }

    @Test("Lint reports a mistake instead of throwing it")
    func lintMistake() async throws {
        let report = try await DockerfileFrontend.lint(
            DockerfileRequest(source: Array("FROM alpine\nRUM x".utf8), buildPlatforms: [amd64]),
            images: FakeImages()
        )
        #expect(report.isError)
        #expect(report.error?.message == "unknown instruction: RUM")
    }

    @Test(
        "Rules have BuildKit's addresses",
        arguments: [
            (LintRule.stageNameCasing, "stage-name-casing"), (.undefinedArgInFrom, "undefined-arg-in-from"),
            (.secretsUsedInArgOrEnv, "secrets-used-in-arg-or-env"),
            (.fromPlatformFlagConstDisallowed, "from-platform-flag-const-disallowed"),
            (.noEmptyContinuation, "no-empty-continuation"),
            (.multipleInstructionsDisallowed, "multiple-instructions-disallowed"),
        ]
    )
    func addresses(rule: LintRule, name: String) {
        #expect(rule.url == "https://docs.docker.com/go/dockerfile/rule/\(name)/")
    }

    @Test("Extensions can be switched off")
    func extensions() async {
        let text = "FROM alpine\nEXPORT DIFF"
        #expect(await failure(text) == nil)
        #expect(await failure(text) { $0.allowsExtensions = false }?.contains("EXPORT is no instruction") == true)
        #expect(
            await failure("# syntax=docker/dockerfile-upstream:master-labs\n" + text)?.contains(
                "remove the '# syntax=' line"
            ) == true
        )
        #expect(await failure("# syntax=example.com/other:1\n" + text) == nil)
    }

    @Test("A label of exports comes back as what was exported")
    func exportLabel() {
        let items: [ExportedItem] = [
            .copy(
                sources: ["/a", "/b c"],
                destination: "/d/",
                owner: "1:2",
                mode: "755",
                excludes: ["*.o"],
                parents: true
            ),
            .copy(sources: ["/x"], destination: "/y", owner: "", mode: "", excludes: [], parents: false),
            .env(name: "A", value: "b=\"c\""), .label(name: "l", value: ""), .diff(layers: 3),
        ]
        #expect(ExportLabel.items(ExportLabel.text(items)) == items)
        #expect(ExportLabel.items("{}") == nil)
        #expect(ExportLabel.items(#"[{"kind":"new"}]"#) == nil)
    }

    @Test(
        "The value of --build-context says what it is",
        arguments: [
            ("./dir", ContextSource.local(name: "n")), ("docker-image://alpine:3", .image("alpine:3")),
            ("target:build", .stage("build")),
            ("https://h/r.git#x", .git("https://h/r.git#x")), ("https://h/x.tar", .http("https://h/x.tar")),
            ("oci-layout:///a/b:tag", .ociLayout(name: "n", reference: "tag")),
            ("oci-layout:///a/b", .ociLayout(name: "n", reference: "")),
            ("git@h:a/b", .git("git@h:a/b")), ("C:x", .local(name: "n")),
        ]
    )
    func contextValues(value: String, expected: ContextSource) {
        #expect(ContextSource(parsing: value, name: "n") == expected)
    }
}
