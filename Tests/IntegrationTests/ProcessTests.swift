// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

/// Builds beside each other, stopped and killed.
@Suite("Processes", .serialized)
struct ProcessTests {
    private func workspace(_ dockerfile: String) async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        return workspace
    }

    @Test("Two processes that build the same at once do the work once", .timeLimit(.minutes(1)))
    func once() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN sleep 1; echo done >/x\nRUN cat /x >/y\n")
        async let first = workspace.reel("build", "-q", "-t", "a:1", "ctx")
        async let second = workspace.reel("build", "-q", "-t", "a:1", "ctx")
        let (one, two) = try await (first, second)
        #expect(one.code == 0, "\(one.errors)")
        #expect(two.code == 0, "\(two.errors)")
        #expect(one.output == two.output)
        #expect(try await workspace.count("step.finished") == 2)
        #expect(try await workspace.count("step.reused") == 2)
    }

    @Test("Identical stages run once, independent ones at the same time", .timeLimit(.minutes(1)))
    func concurrent() async throws {
        var dockerfile = ""
        for stage in 0..<16 { dockerfile += "FROM busybox:static AS s\(stage)\nRUN sleep 0.5; echo \(stage % 8) >/x\n" }
        dockerfile += "FROM busybox:static\n"
        for stage in 0..<16 { dockerfile += "COPY --from=s\(stage) /x /x\(stage)\n" }
        let workspace = try await workspace(dockerfile)
        let clock = ContinuousClock()
        let started = clock.now
        let built = try await workspace.reel("build", "-q", "ctx")
        let taken = started.duration(to: clock.now)
        #expect(built.code == 0, "\(built.errors)")
        #expect(taken < .seconds(6), "16 times 0.5 s one after another would be 8 s")
        let execs = try await workspace.events().count {
            $0["kind"]?.text == "step.started" && $0.canonicalText.contains(#""operation":"exec""#)
        }
        #expect(execs == 8, "two stages each have the same RUN on the same base")
    }

    @Test("Ctrl-C stops the build within a second and leaves nothing running", .timeLimit(.minutes(1)))
    func interrupt() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN sleep 4321\n")
        let script = """
            '\(Workspace.reel)' build ctx 2>/dev/null &
            pid=$!
            for i in $(seq 100); do pgrep -f '^sleep 4321' >/dev/null && break; sleep 0.1; done
            start=$(date +%s%N); kill -INT $pid; code=0; wait $pid || code=$?
            echo "code $code after $(( ($(date +%s%N) - start) / 1000000 )) ms"
            pgrep -f '^sleep 4321' && echo still running || true
            """
        // A background job of a shell without job control ignores SIGINT; job control gives it back.
        let output = try await workspace.shell("set -m\n" + script)
        #expect(output.contains("code 130"), "\(output)")
        #expect(!output.contains("still running"))
        let milliseconds = try #require(Int(output.split(separator: " ").dropLast().last ?? ""))
        #expect(milliseconds < 1000)
        #expect(try await workspace.count("build.cancelled") == 1)
        #expect(try await workspace.shell("grep -c '\(workspace.root)' /proc/self/mountinfo || true") == "0\n")
    }

    @Test("Killed at any moment, nothing committed is lost and the next build gives the same", .timeLimit(.minutes(10)))
    func killed() async throws {
        let dockerfile = """
            FROM busybox:static AS a
            RUN echo one >/one
            COPY f /f
            FROM busybox:static
            COPY --from=a /one /one
            RUN cat /one /one >/two
            """
        let workspace = try await workspace(dockerfile)
        try await workspace.write("file", to: "ctx/f")
        let moments = Int(environment("REEL_TEST_KILLS") ?? "200") ?? 200
        let script = """
            export REEL_ROOT='\(workspace.root)'
            seed=17
            want=$('\(Workspace.reel)' build -q -t k:1 --no-cache ctx)
            for i in $(seq \(moments)); do
                seed=$(( (seed * 1103515245 + 12345) % 2147483648 ))
                '\(Workspace.reel)' build -q -t k:1 --no-cache ctx >/dev/null 2>&1 &
                pid=$!
                sleep $(printf '0.%03d' $(( seed / 65536 % 250 )))
                before=$('\(Workspace.reel)' log ls --json | wc -l)
                kill -9 $pid 2>/dev/null || true
                wait $pid 2>/dev/null || true
                after=$('\(Workspace.reel)' log ls --json | wc -l)
                [ "$after" -ge "$before" ] || echo "lost events at $i"
            done
            got=$('\(Workspace.reel)' build -q -t k:1 --no-cache ctx)
            [ "$want" = "$got" ] && echo same
            '\(Workspace.reel)' audit >/dev/null && echo sound
            grep -c '\(workspace.root)' /proc/self/mountinfo || true
            ls '\(workspace.root)/tmp' | wc -l
            """
        let output = try await workspace.shell(script)
        #expect(output == "same\nsound\n0\n0\n", "\(output)")
    }
}
