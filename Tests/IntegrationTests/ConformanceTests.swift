// SPDX-License-Identifier: Apache-2.0

import Testing

/// The table of cases in Tests/Conformance, through the program. `against-docker` compares the same cases with docker.
@Suite("Conformance")
struct ConformanceTests {
    @Test(
        "Every case gives the tree, the configuration and the refusals that are committed",
        .enabled(if: isRoot, "the trees have owners that only root can read back"),
        .timeLimit(.minutes(10))
    )
    func cases() async throws {
        let workspace = try Workspace()
        let script = Workspace.repository + "/Tests/Conformance/run"
        let finished = try await workspace.run(script, [], environment: ["REEL": Workspace.reel])
        #expect(finished.code == 0, "\(finished.output)\(finished.errors)")
        #expect(finished.output.hasSuffix(" passed, 0 failed\n"))
    }
}
