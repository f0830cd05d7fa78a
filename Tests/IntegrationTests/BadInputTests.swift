// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// What is wrong is refused with one sentence and the documented exit code, before or while it does harm.
@Suite("Bad input")
struct BadInputTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var dockerfile: String
        var code: Int32
        var says: [String]
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "an unknown instruction",
            dockerfile: "FROM busybox:static\nRUNN true\n",
            code: 2,
            says: ["Dockerfile:2", "RUNN", "RUN"]
        ),
        Case(
            name: "a missing file",
            dockerfile: "FROM busybox:static\nCOPY absent.txt /\n",
            code: 1,
            says: ["absent.txt"]
        ),
        Case(
            name: "a failing RUN",
            dockerfile: "FROM busybox:static\nRUN echo last words; exit 7\n",
            code: 1,
            says: ["exit code: 7", "last words"]
        ),
        Case(
            name: "a RUN whose command is killed",
            dockerfile: "FROM busybox:static\nRUN sh -c 'kill -9 $$'; exit $?\n",
            code: 1,
            says: ["exit code: 137"]
        ),
        Case(
            name: "stages that need each other",
            dockerfile:
                "FROM busybox:static AS a\nCOPY --from=b /x /x\nFROM busybox:static AS b\nCOPY --from=a /x /x\n",
            code: 2,
            says: ["b"]
        ),
        Case(
            name: "an image that is not there",
            dockerfile: "FROM 127.0.0.1:1/nowhere:never\nRUN true\n",
            code: 1,
            says: ["nowhere:never", "reel image"]
        ),
        Case(name: "an empty Dockerfile", dockerfile: "", code: 2, says: ["Dockerfile"]),
        Case(
            name: "a user that no passwd knows",
            dockerfile: "FROM busybox:static\nUSER nosuch\nRUN true\n",
            code: 1,
            says: ["nosuch"]
        ),
    ]

    @Test("A build is refused or fails with its reason", .timeLimit(.minutes(2)), arguments: cases)
    func refused(input: Case) async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(input.dockerfile, to: "ctx/Dockerfile")
        let built = try await workspace.reel("build", "--progress=plain", "ctx")
        #expect(built.code == input.code, "\(built.errors)")
        for words in input.says { #expect(built.errors.contains(words), "\(built.errors)") }
        #expect(try await workspace.count("build.failed") == 1)
        #expect(try await workspace.count("build.finished") == 0)
    }

    @Test("A context without a Dockerfile, and one that is not there", .timeLimit(.minutes(1)))
    func noDockerfile() async throws {
        let workspace = try Workspace()
        try await workspace.shell("mkdir empty")
        let built = try await workspace.reel("build", "empty")
        #expect(built.code == 2)
        #expect(built.errors.contains("Dockerfile"))
        let absent = try await workspace.reel("build", "absent")
        #expect(absent.code != 0)
        #expect(absent.errors.contains("absent"))
    }

    @Test(
        "What is no LLB is refused, and nothing runs",
        .timeLimit(.minutes(1)),
        arguments: [
            [], [0], [0xFF, 0xFF, 0xFF, 0xFF], Array("FROM busybox".utf8), [UInt8](repeating: 0x0A, count: 4096),
        ] as [[UInt8]]
    )
    func garbageLLB(bytes: [UInt8]) async throws {
        let workspace = try Workspace()
        try await workspace.shell("printf '\(bytes.map { "\\x" + Hexadecimal.string([$0]) }.joined())' >in.llb")
        let built = try await workspace.reel("build", "--llb", "in.llb")
        #expect(built.code != 0 || bytes.isEmpty)
        #expect(built.code < 128, "a fault is a result, never a crash")
    }

    @Test("An unknown build, flag and command are usage errors", .timeLimit(.minutes(1)))
    func usage() async throws {
        let workspace = try Workspace()
        for arguments in [
            ["replay", "01nosuch"], ["build", "--nonsense"], ["nonsense"], ["history", "inspect", "zz"],
        ] {
            let finished = try await workspace.run(Workspace.reel, arguments)
            #expect(finished.code == 2 || finished.code == 9, "\(arguments): \(finished.code) \(finished.errors)")
            #expect(!finished.errors.isEmpty)
        }
    }

    @Test("A build that kept no context can't be replayed, and says so", .timeLimit(.minutes(1)))
    func materialMissing() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write("FROM busybox:static\nCOPY f /sub/g\n", to: "ctx/Dockerfile")
        try await workspace.write("content", to: "ctx/f")
        let built = try await workspace.reel("build", "-q", "--no-store-context", "ctx")
        try #require(built.code == 0, "\(built.errors)")
        let replay = try await workspace.reel("replay", "latest")
        #expect(replay.code == 9, "\(replay.errors)")
        #expect(replay.errors.contains("local://context"))
    }

    @Test("A log of a later version is left alone", .timeLimit(.minutes(1)))
    func newerLog() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.shell(
            "python3 -c \"import sqlite3; d=sqlite3.connect('root/log.sqlite'); d.execute('PRAGMA user_version=999')\""
        )
        let listed = try await workspace.reel("image", "ls")
        #expect(listed.code != 0)
        #expect(listed.errors.contains("999"), "\(listed.errors)")
    }
}
