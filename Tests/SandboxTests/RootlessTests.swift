// SPDX-License-Identifier: Apache-2.0

import Glibc
import Layers
import Sandbox
import Testing

/// An ordinary user gets the same layers as root.
@Suite struct RootlessTests {
    private static let commands = [
        "echo hi >/a; mkdir -p /d/e; touch /d/e/f; ln /a /b; ln -s a /c; mkfifo /p; chmod 4755 /d/e/f",
        "rm /a; rm -r /d; mkdir /d; touch /d/new; cat /etc/hosts >/dev/null; test $(id -u) = 0",
        "touch /bin; chmod 700 /bin; echo $HOME >/d/home",
    ]

    private static func layers(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("exit ") } }

    @Test(.enabled(if: Bench.isRoot, "needs root to become somebody else"))
    func anOrdinaryUserGetsTheSameLayers() throws {
        let owners = ["touch /o; chown 33:44 /o; chown 1:1 /d"]
        let expected = try HelperProgram(.same, driver: "erofs", Self.commands + owners).lines()
        #expect(
            Self.layers(expected).count == 4 && Self.layers(expected).allSatisfy { $0.hasPrefix("exit 0 ") },
            "\(expected)"
        )
        let lines = try HelperProgram(.ordinary, Self.commands + owners).lines()
        #expect(lines.first?.hasPrefix("identity mappedIDs driver directory") == true, "\(lines)")
        #expect(Self.layers(lines) == Self.layers(expected), "\(lines)")
    }

    @Test(.enabled(if: Bench.isRoot, "needs root to become somebody else"))
    func oneIDIsEnoughForMost() throws {
        let expected = try HelperProgram(.same, driver: "directory", Self.commands).lines()
        let lines = try HelperProgram(.alone, Self.commands).lines()
        #expect(lines.first?.hasPrefix("identity singleID driver directory") == true, "\(lines)")
        #expect(Self.layers(lines) == Self.layers(expected), "\(lines)")
    }

    @Test func theProbeTellsWhatIsUsed() throws {
        let bench = try Bench()
        let probe = SandboxProbe.look(
            namespaces: bench.namespaces,
            folder: bench.root,
            searchPath: Bench.searchPath,
            uid: getuid()
        )
        let names = ["kernel", "runtime", "namespaces", "erofs", "overlay", "newuidmap", "newgidmap", "cgroups"]
        #expect(probe.facts.map(\.name) == names)
        #expect(probe.facts.first { $0.name == "runtime" }?.finding.contains("run version") == true)
        for fact in probe.facts { #expect(fact.isGood || fact.remedy != nil, "\(fact)") }
        let nothing = SandboxProbe.look(namespaces: nil, folder: bench.root, searchPath: "", uid: 4711)
        #expect(nothing.driver == "directory")
        #expect(nothing.facts.contains { !$0.isGood && $0.remedy != nil })
    }
}
