// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// The benchmark itself, small: what it measures is for a quiet machine.
@Suite("Benchmark")
struct BenchmarkTests {
    @Test("A quick run prints its tables, writes its figures and leaves nothing behind", .timeLimit(.minutes(3)))
    func quick() async throws {
        let workspace = try Workspace()
        let script = """
            mkdir work
            '\(Workspace.repository)/Tests/Benchmarks/run' --quick --only-reel --work work --json figures \\
                cached20 context-one log-append history log-size >report
            ls -A work | wc -l
            """
        let left = try await workspace.shell(script, environment: ["REEL": Workspace.reel])
        #expect(left.split(separator: "\n") == ["0"], "the folder of the run is gone")
        let report = try await workspace.shell("cat report")
        #expect(report.contains("| 20-step build, everything cached |"), "\(report)")
        #expect(report.contains("Machine: "))
        let figures = try await workspace.shell("cat figures").split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
        #expect(Set(figures.compactMap { $0["name"]?.text }).count == 5)
        #expect(figures.allSatisfy { $0["broken"]?.text == "" }, "\(figures)")
    }

    @Test("A scenario that does not exist is refused by name", .timeLimit(.minutes(1)))
    func unknown() async throws {
        let workspace = try Workspace()
        let program = Workspace.repository + "/Tests/Benchmarks/run"
        let refused = try await workspace.run(program, ["nonsense"], environment: ["REEL": Workspace.reel])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("nonsense"))
    }
}
