// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Commands

@Suite("Wrong command lines")
struct UsageTests {
    static let wrong: [[String]] = [
        ["bogus"], ["build", "--bogus", "."], ["build", "a", "b"], ["build", "--network", "bridge", "."],
        ["build", "--platform", "a/b/c/d", "."], ["build", "--add-host", "nothing", "."],
        ["build", "--add-host", "h:xyz", "."],
        ["build", "--ulimit", "nofile=2:1", "."], ["build", "--ulimit", "bogus=1", "."],
        ["build", "--ulimit", "nofile=x", "."],
        ["build", "--shm-size", "big", "."], ["build", "--allow", "everything", "."],
        ["build", "--secret", "src=", "."],
        ["build", "--secret", "id=a,src=b,env=c", "."], ["build", "--secret", "id=a,bogus=1", "."],
        ["build", "--ssh", "default", "."],
        ["build", "--output", "dest=x", "."], ["build", "--output", "type=oci,type=tar", "."],
        ["build", "--exporter-opt", "a=b", "."], ["build", "--build-arg", "=x", "."], ["build", "--label", "=x", "."],
        ["build", "--local", "x", "."], ["build", "--build-context", "x", "."],
        ["build", "--max-parallelism", "0", "."],
        ["build", "--progress", "fancy", "."], ["build", "--llb", "f", "."], ["build", "--llb", "missing"],
        ["build", "-f", "D", "-"], ["build", "-"], ["build"], ["replay"],
        ["history"], ["history", "ls", "--since", "yesterday"], ["history", "ls", "--limit", "0"],
        ["history", "ls", "--status", "gone"], ["log", "ls", "--limit", "-1"], ["context", "hash", "--format", "md5"],
        ["debug", "dump-llb", "--dot", "--mermaid"], ["completions", "print", "tcsh"], ["man", "bogus"],
        ["image", "import", "only-a-name"],
    ]

    @Test("Each gives one sentence on standard error, nothing on standard output, and 2", arguments: wrong)
    func refused(words: [String]) async throws {
        let bench = try Bench()
        let console = bench.console()
        var code: Int32
        var errors: String
        switch Program.parse(words) {
        case .answer(let text, let answered): (code, errors) = (answered, text)
        case .command(let command):
            code = await Program.perform(command, on: console)
            console.errors.flush()
            errors = console.errors.captured
            #expect(console.output.captured.isEmpty)
        }
        #expect(code == 2, "\(words): \(errors)")
        guard words != ["history"] else { return }
        #expect(errors.hasPrefix("reel: "), "\(errors)")
        #expect(errors.split(separator: "\n").count == 1, "\(errors)")
        #expect(!FileKind.exists(bench.root), "nothing is made for a wrong command line")
    }

    @Test("A wrong command line names the page that helps")
    func pages() async throws {
        let bench = try Bench()
        #expect(await bench.run("history", "ls", "--x").errors.hasSuffix("see 'reel history ls --help'\n"))
        #expect(await bench.run("build", "--x", ".").errors.hasSuffix("see 'reel build --help'\n"))
        #expect(await bench.run("--x").errors.hasSuffix("see 'reel --help'\n"))
    }

    @Test(
        "Help is an answer, not an error",
        arguments: [[], ["--help"], ["help"], ["-h"], ["build", "--help"], ["help", "build"]]
    )
    func help(words: [String]) {
        guard case .answer(let text, let code) = Program.parse(words) else { return #expect(Bool(false)) }
        #expect(code == 0)
        #expect(text.contains("build"))
    }

    @Test("The version is one line")
    func version() async throws {
        let bench = try Bench()
        #expect(await bench.run("--version").output.hasPrefix("reel "))
    }
}
