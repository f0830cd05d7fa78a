// SPDX-License-Identifier: Apache-2.0

import LLB
import Testing

/// The example programs of the library product; what they build is recorded in `Replays`.
@Suite("Example programs")
struct ExampleTests {
    @Test("write graphs that read, the same at each call", arguments: ["buildkit2-example", "buildkit3-example"])
    func graphs(name: String) async throws {
        let workspace = try Workspace()
        let program = Workspace.programs + "/" + name
        let remote = try await workspace.shell(
            "'\(program)' --base b:1 >one && '\(program)' --base b:1 >two && cmp one two; cat one | '\(Workspace.reel)' debug dump-llb"
        )
        #expect(remote.contains("git://github.com/madler/zlib.git#v1.3.1"))
        #expect(remote.contains("docker-image://docker.io/library/b:1"))
        let wrong = try await workspace.run(program, ["--bse", "b:1"])
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("--base VALUE"))
    }

    @Test("--local takes the source from a folder")
    func local() async throws {
        let workspace = try Workspace()
        let program = Workspace.programs + "/buildkit3-example"
        let dumped = try await workspace.shell("'\(program)' --local | '\(Workspace.reel)' debug dump-llb")
        #expect(dumped.contains("local://buildkit-src") && !dumped.contains("git://"))
    }
}
