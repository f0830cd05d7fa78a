// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// A Dockerfile is checked without a build.
@Suite("Checks")
struct CheckTests {
    private static let dockerfile = """
        FROM scratch AS Base
        workdir relative
        ENV API_TOKEN=x
        CMD echo $UNSET
        """

    @Test("build --check says what lint says, and builds nothing", .timeLimit(.minutes(1)))
    func check() async throws {
        let workspace = try Workspace()
        try await workspace.write(Self.dockerfile, to: "c/Dockerfile")
        let linted = try await workspace.reel("dockerfile", "lint", "c")
        #expect(linted.code == 0)
        for rule in [
            "StageNameCasing", "ConsistentInstructionCasing", "WorkdirRelativePath", "SecretsUsedInArgOrEnv",
            "JSONArgsRecommended",
        ] { #expect(linted.output.contains(rule), "\(rule): \(linted.output)") }
        let checked = try await workspace.reel("build", "--check", "c")
        #expect(checked.code == 0)
        let rules = { (text: String) in text.split(separator: "\n").map { $0.drop { $0 != ":" } } }
        #expect(rules(checked.output) == rules(linted.output))
        let input = Array(Self.dockerfile.utf8)
        let piped = try await workspace.reel("build", "--check", "--json", "-", input: input)
        #expect(try piped.json.contains { $0["rule"]?.text == "StageNameCasing" && $0["line"]?.integer == 1 })
        let strict = Array("# check=error=true\n\(Self.dockerfile)".utf8)
        #expect(try await workspace.reel("build", "--check", "-", input: strict).code == 1)
        let skipped = Array("# check=skip=all;error=true\n\(Self.dockerfile)".utf8)
        let quiet = try await workspace.reel("build", "--check", "-", input: skipped)
        #expect(quiet.code == 0 && quiet.output.isEmpty)
        let wrong = try await workspace.reel("build", "--check", "-", input: Array("FROM scratch\nRUM x\n".utf8))
        #expect(wrong.code == 2 && wrong.errors.contains("Dockerfile:2:1: unknown instruction"))
        #expect(try await workspace.reel("history", "ls", "--json").output.isEmpty)
    }
}
