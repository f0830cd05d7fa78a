// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// What steps print, from the step to `reel history logs`.
@Suite("Output of steps")
struct OutputTests {
    @Test("100 MB, bytes that are no UTF-8, and both streams survive", .timeLimit(.minutes(3)))
    func survives() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        let dockerfile = #"""
            FROM busybox:static
            RUN yes 'a line of output, again and again and again' | head -c 104857600; printf '\377\376\n'; printf '\200' >&2
            """#
        try await workspace.write(dockerfile, to: "c/Dockerfile")
        try #require(try await workspace.reel("build", "-q", "c").code == 0)
        let script = """
            '\(Workspace.reel)' history logs latest 2>errors | sha256sum
            { yes 'a line of output, again and again and again' | head -c 104857600 || :; printf '\\377\\376\\n'; } | sha256sum
            od -An -tx1 errors
            """
        let lines = try await workspace.shell("set +o pipefail; " + script).split(separator: "\n")
        try #require(lines.count == 3, "\(lines)")
        #expect(lines[0] == lines[1])
        #expect(lines[2] == " 80")
        let stored = try await workspace.shell("du -sk root/blobs | cut -f1").dropLast()
        #expect((Int(stored) ?? .max) < 16 << 10, "stored once, compressed: \(stored) kB")
    }

    @Test("Lines are told while the step runs", .timeLimit(.minutes(1)))
    func streamed() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write("FROM busybox:static\nRUN echo first; sleep 1.5; echo second\n", to: "c/Dockerfile")
        let built = try await workspace.shell(
            """
            '\(Workspace.reel)' build --progress=plain c 2>&1 | while IFS= read -r line; do
                case $line in '#'*.[0-9][0-9][0-9]' first'|'#'*.[0-9][0-9][0-9]' second') echo "$(date +%s%N) ${line##* }";; esac
            done
            """
        )
        let times = built.split(separator: "\n").filter { $0.hasSuffix("first") || $0.hasSuffix("second") }
            .compactMap { Int64($0.prefix { $0 != " " }) }
        try #require(times.count >= 2, "\(built)")
        #expect(times[1] - times[0] > 1_000_000_000, "the first line comes before the second is printed: \(built)")
    }
}
