// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// What counts in a step's key, seen from outside: whether the step runs again.
@Suite("What counts in a key")
struct KeyTests {
    private static let dockerfile = """
        FROM busybox:static
        ARG GIVEN
        COPY --exclude=left-out --exclude=Dockerfile . /copied/
        RUN --mount=source=sub,target=/m --mount=type=secret,id=key cat /m/x >/seen
        """

    @Test("Only what a step can see counts", .timeLimit(.minutes(2)))
    func visible() async throws {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(Self.dockerfile, to: "c/Dockerfile")
        try await workspace.shell("mkdir c/sub && echo 1 >c/a && echo 1 >c/left-out && echo 1 >c/sub/x && echo 1 >key")
        func steps(_ more: String...) async throws -> Int {
            let before = try await workspace.count("step.finished")
            let words = ["build", "-q", "--secret", "id=key,src=key"] + more + ["c"]
            let built = try await workspace.run(Workspace.reel, words)
            try #require(built.code == 0, "\(built.errors)")
            return try await workspace.count("step.finished") - before
        }
        #expect(try await steps() == 2, "the first time both run")
        #expect(try await steps() == 0, "the second time none")
        try await workspace.shell("echo 2 >c/left-out; touch -d 2001-02-03 c/a; echo 2 >key; chmod 700 c")
        #expect(try await steps() == 0, "what is excluded, times, a secret's value and the root's mode don't count")
        #expect(try await steps("--build-arg", "HTTP_PROXY=http://proxy.example:1") == 0, "proxies don't count")
        try await workspace.write("# a comment\n" + Self.dockerfile, to: "c/Dockerfile")
        #expect(try await steps() == 0, "comments don't count")
        try await workspace.shell("chmod 600 c/a")
        #expect(try await steps() == 2, "a mode counts for the copy, whose layer counts for the step")
        try await workspace.shell("echo 2 >c/sub/x")
        #expect(try await steps() == 2, "contents count, through the mount too")
        #expect(try await steps("--build-arg", "GIVEN=1") == 1, "an argument counts for the RUN after its ARG alone")
        #expect(try await steps("--no-cache") == 2)
    }
}
