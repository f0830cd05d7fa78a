// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import Layers
import LLB
import SystemPackage
import Testing

@testable import Commands

@Suite("Commands that read and build nothing")
struct ReadingTests {
    @Test("A graph is printed as buildctl prints it")
    func dump() async throws {
        let bench = try Bench()
        let empty = await bench.run("debug", "dump-llb", input: [])
        #expect(empty.code == 0)
        let garbage = await bench.run("debug", "dump-llb", input: [0xFF, 0xFF, 0xFF])
        #expect(garbage.code != 0)
        #expect(garbage.errors.hasPrefix("reel: "))
        var builder = DefinitionBuilder()
        let source = builder.add(
            .source(SourceOperation(identifier: "docker-image://docker.io/library/busybox:latest"))
        )
        let definition = try builder.finish(output: source)
        let dumped = await bench.run("debug", "dump-llb", input: definition.encoded)
        #expect(dumped.output == definition.dumpJSONLines())
        #expect(try Bench.json(dumped.output).count == 2)
        #expect(await bench.run("debug", "dump-llb", "--dot", input: definition.encoded).output.hasPrefix("digraph"))
        try InputFile.write(definition.encoded, to: bench.folder + "/graph")
        #expect(await bench.run("debug", "dump-llb", "graph").output == dumped.output)
    }

    @Test("A context has the digest that a build would record, with the ignore rules in force")
    func context() async throws {
        let bench = try Bench()
        try bench.write("FROM scratch\n", to: "ctx/Dockerfile")
        try bench.write("hello\n", to: "ctx/kept")
        try bench.write("x\n", to: "ctx/dropped")
        let all = await bench.run("context", "hash", "ctx")
        #expect(all.code == 0)
        _ = try ContentDigest(parsing: String(all.output.dropLast()))
        try bench.write("dropped\n.dockerignore\n", to: "ctx/.dockerignore")
        let some = await bench.run("context", "hash", "ctx").output
        #expect(some != all.output)
        try bench.write("y\n", to: "ctx/dropped")
        #expect(await bench.run("context", "hash", "ctx").output == some)
        try bench.write("kept\n.dockerignore\n", to: "ctx/Dockerfile.dockerignore")
        #expect(await bench.run("context", "hash", "ctx").output != some)
        let formats = try Bench.json(await bench.run("context", "hash", "ctx", "--format", "all", "--json").output)
        #expect(formats.count == ContextHashFormat.allCases.count + 1)
        #expect(formats.allSatisfy { $0["hash"]?.text?.isEmpty == false })
        let list = await bench.run("context", "hash", "ctx", "--list").output
        #expect(list.contains("  Dockerfile\n"))
        #expect(await bench.run("context", "hash", "missing").code != 0)
    }

    @Test("A Dockerfile is parsed and checked")
    func dockerfile() async throws {
        let bench = try Bench()
        try bench.write("FROM scratch as a\nCOPY a b\n", to: "d/Dockerfile")
        let parsed = try Bench.json(await bench.run("dockerfile", "parse", "d").output)
        #expect(parsed.count == 1)
        let checked = try Bench.json(await bench.run("dockerfile", "lint", "d", "--json").output)
        #expect(checked.contains { $0["rule"]?.text == "FromAsCasing" })
        let wrong = await bench.run("dockerfile", "lint", "-", input: Array("FROM scratch\nBOGUS\n".utf8))
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("BOGUS"))
        #expect(await bench.run("dockerfile", "parse", "missing").code == 2)
    }
}
