// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Testing

/// However a build ends, its processes, control groups, mounts, locks and folders go.
@Suite("Leftovers", .serialized)
struct LeftoverTests {
    /// A number that no other process sleeps.
    private static let seconds = "43219.\(getpid())"

    /// Two targets: `slow` sleeps, `both` has done a step of its own before it needs `slow`.
    private static let dockerfile = """
        FROM busybox:static AS slow
        RUN sleep \(seconds)
        FROM busybox:static AS own
        RUN echo done >/own
        FROM slow AS both
        COPY --from=own /own /own
        """

    /// Shell functions: `begin NAME ARGUMENT…` starts a build; `tasks NAME` lists its processes, down to the one that
    /// started its container; `left NAME` says what of it is there; `gone NAME` waits two seconds until nothing is.
    private static func functions(_ workspace: Workspace) -> String {
        """
        export REEL_ROOT='\(workspace.root)'
        trap 'kill -9 $(tasks running) $(tasks waiting) $(tasks plain) $(tasks stopped) 2>/dev/null || true' EXIT
        begin() {
            name=$1; shift
            REEL_TEST_NAME=$name-$$ '\(Workspace.reel)' build -q "$@" ctx >"$name.out" 2>"$name.err" &
            eval "pid_$name=$!"
        }
        tasks() { { grep -lszF "REEL_TEST_NAME=$1-$$" /proc/[0-9]*/environ || true; } | cut -d/ -f3; }
        left() {
            eval "pid=\\$pid_$1"
            tasks "$1"
            ls -d /sys/fs/cgroup/reel-$pid* /sys/fs/cgroup/*/reel-$pid* 2>/dev/null || true
            grep -F "$REEL_ROOT" /proc/self/mountinfo || true
        }
        gone() {
            for i in $(seq 100); do
                [ -n "$(left "$1")" ] || { echo "$1 gone"; return; }
                sleep 0.02
            done
            echo "left of $1: $(left "$1")"
        }
        await() { for i in $(seq 200); do ! "$@" >/dev/null || return 0; sleep 0.05; done; echo "no end of waiting for $*"; }
        finished() { '\(Workspace.reel)' log ls --json | grep '"kind":"step.finished"'; }
        sleeping() { pgrep -f '^sleep \(seconds)'; }

        """
    }

    private func workspace(_ dockerfile: String = Self.dockerfile) async throws -> Workspace {
        let workspace = try Workspace()
        try await workspace.importBusybox()
        try await workspace.write(dockerfile, to: "ctx/Dockerfile")
        return workspace
    }

    @Test("Killed with a step running and with none, a build leaves nothing", .timeLimit(.minutes(2)))
    func killed() async throws {
        let workspace = try await workspace()
        let script = """
            begin running --target slow
            await sleeping
            begin waiting --target both
            await finished
            tasks running | wc -l; tasks waiting | wc -l
            kill -9 $pid_waiting; gone waiting
            kill -9 $pid_running; gone running
            pgrep -f '^sleep \(Self.seconds)' || true
            wait || true
            sed -i 's/\(Self.seconds)/0.01/' ctx/Dockerfile
            '\(Workspace.reel)' build -q --target both ctx | grep -c sha256
            ls "$REEL_ROOT/tmp" | wc -l
            '\(Workspace.reel)' log ls --json | grep -c '"kind":"build.cancelled"'
            """
        let output = try await workspace.shell(Self.functions(workspace) + script)
        let lines = output.split(separator: "\n").map(String.init)
        // Each has at least itself and its step server, and the first one a supervisor.
        #expect((Int(lines.first ?? "") ?? 0) >= 3, "\(output)")
        #expect((Int(lines.dropFirst().first ?? "") ?? 0) >= 2, "\(output)")
        #expect(lines.dropFirst(2) == ["waiting gone", "running gone", "1", "0", "2"], "\(output)")
    }

    @Test("A build that ended has ended: nothing of it is seen a moment later", .timeLimit(.minutes(2)))
    func ended() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN sleep 0.5; echo \(getpid())\n")
        let script = """
            begin plain
            wait $pid_plain
            left plain
            begin stopped --no-cache
            sleep 0.3; kill -INT $pid_stopped; wait $pid_stopped || true
            left stopped
            ls "$REEL_ROOT/tmp" | wc -l
            """
        // A background job of a shell without job control ignores SIGINT; job control gives it back.
        let output = try await workspace.shell("set -m\n" + Self.functions(workspace) + script)
        #expect(output == "0\n")
    }

    @Test(
        "Without its step server a build still ends, runs what is to come, and leaves nothing",
        .timeLimit(.minutes(2))
    )
    func serverKilled() async throws {
        let workspace = try await workspace("FROM busybox:static\nRUN sleep 1.17; echo 1 >/x\nRUN cat /x >/y\n")
        let script = """
            begin plain
            await pgrep -f '^sleep 1.17'
            for task in $(tasks plain); do
                [ "$(cat /proc/$task/comm)" = reel-steps ] || continue
                kill -9 $task; echo killed
            done
            code=0; wait $pid_plain || code=$?
            echo "code $code"
            gone plain
            cat plain.err
            """
        let output = try await workspace.shell(Self.functions(workspace) + script)
        #expect(output == "killed\ncode 0\nplain gone\n", "\(output)")
    }
}
