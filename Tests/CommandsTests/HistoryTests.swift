// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventStorage
import Testing

@testable import Commands

@Suite("Looking back")
struct HistoryTests {
    private func bench() async throws -> Bench {
        let bench = try Bench()
        try await Story.write(to: bench.log())
        return bench
    }

    @Test("Builds are listed newest first, as JSON with their whole ids")
    func list() async throws {
        let bench = try await bench()
        let listed = try Bench.json(await bench.run("history", "ls", "--json").output)
        #expect(listed.map { $0["id"]?.text } == [2, 1, 0].map { Story.id($0).description })
        #expect(listed.map { $0["status"]?.text } == ["finished", "failed", "finished"])
        #expect(listed[0]["image"]?.text == Story.digest("m").description)
        #expect(listed[1]["error"]?.text == "RUN make: exit code 2")
        #expect(listed[0]["reused"]?.integer == 1)
        let text = await bench.run("history", "ls").output.split(separator: "\n")
        #expect(text.count == 4)
        #expect(text[1].contains("three:1"))
        #expect(await bench.run("history", "ls", "-q", "-n", "1").output == Story.id(2).description + "\n")
    }

    @Test(
        "Filters",
        arguments: [
            (["--status", "failed"], [1]), (["--status", "failed", "--status", "finished"], [2, 1, 0]),
            (["-t", "one:1"], [0]),
            (["--target", "app", "--limit", "2"], [2, 1]), (["--target", "other"], []), (["--frontend", "llb"], []),
            (["--since", "2026-08-01T12:00:00Z"], [2, 1, 0]), (["--until", "2026-08-01T12:00:00Z"], []),
            (["--since", "5m"], [2, 1, 0]), (["--since", "2027-01-01"], []),
        ]
    )
    func filters(words: [String], builds: [Int]) async throws {
        let bench = try await bench()
        guard case .command(let command) = Program.parse(["history", "ls", "-q"] + words) else {
            return #expect(Bool(false))
        }
        let console = bench.console()
        #expect(await Program.perform(command, on: console) == 0)
        #expect(
            console.output.captured.split(separator: "\n").map(String.init) == builds.map { Story.id($0).description }
        )
    }

    @Test("A build is shown with sources, steps, results and what went another way")
    func inspect() async throws {
        let bench = try await bench()
        let text = await bench.run("history", "inspect", "latest").output
        for part in [
            Story.id(2).description, "reel build 'a b'", "[app 1/2] RUN make", "4.2s", "cached", "moved from", "casing",
            "/x.tar",
            Story.digest("m").description,
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        let json = try #require(try Bench.json(await bench.run("history", "inspect", "--json").output).first)
        #expect(json["id"]?.text == Story.id(2).description)
        let steps = try #require(json["steps"]?.elements)
        #expect(steps.map { $0["status"]?.text } == ["finished", "reused"])
        #expect(steps[0]["duration"]?.integer == 4_200_000_000)
        #expect(steps[1]["producer"]?.integer == 6)
        #expect(json["exports"]?.elements?.first?["isFinished"]?.boolean == true)
        let failed = try #require(
            try Bench.json(await bench.run("history", "inspect", "--json", Story.id(1).description).output).first
        )
        #expect(failed["steps"]?.elements?.first?["exitCode"]?.integer == 2)
    }

    @Test("A build that does not exist, and a root without any, are told apart")
    func nothing() async throws {
        let bench = try await bench()
        let unknown = await bench.run("history", "inspect", "zzz")
        #expect(unknown.code == 2)
        #expect(unknown.errors.contains("zzz"))
        let empty = try Bench()
        for words in [["history", "ls"], ["image", "ls"], ["log", "ls"], ["du"], ["prune"]] {
            guard case .command(let command) = Program.parse(words) else { return #expect(Bool(false)) }
            let console = empty.console()
            #expect(await Program.perform(command, on: console) == 0, "\(words)")
            #expect(console.output.captured.isEmpty)
        }
        #expect(await empty.run("history", "inspect").code == 9)
        #expect(await empty.run("audit").code == 9)
        #expect(!FileKind.exists(empty.root), "reading makes nothing")
    }

    @Test("Steps are found by number, digest and name")
    func steps() async throws {
        let bench = try await bench()
        let log = try bench.log()
        let details = BuildDetails(try log.events(of: Story.id(2)))
        let first = Story.digest("v1")
        #expect(details.steps(matching: "1").map(\.vertex) == [first])
        #expect(details.steps(matching: first.description).map(\.vertex) == [first])
        #expect(details.steps(matching: String(first.hex.prefix(12))).map(\.vertex) == [first])
        #expect(details.steps(matching: "COPY").map(\.vertex) == [Story.digest("v2")])
        #expect(details.steps(matching: "[app").count == 2)
        #expect(details.steps(matching: "7").isEmpty)
        #expect(await bench.run("history", "logs", "latest", "bogus").code == 2)
        #expect(await bench.run("history", "logs", "latest").code == 0)
    }
}
