// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import Sandbox
import Synchronization
import SystemPackage
import Testing

@Suite struct ContainerRuntimeTests {
    @Test func aStepSeesWhatContainersSee() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let ran = try await bench.run("hostname; pwd; id; umask; cat /etc/hosts; echo $A; echo oops >&2", in: mounted) {
            $0.env.append("A=b c")
            $0.workingDirectory = "work/deep"
            $0.extraHosts = [ExtraHost(name: "db", address: "10.0.0.1")]
        }
        #expect(ran.exit.outcome == .exited(0), "\(ran.errors)")
        #expect(
            ran.output == """
                buildkitsandbox
                /work/deep
                uid=0(root) gid=0(root) groups=0(root)
                0022
                127.0.0.1\tlocalhost buildkitsandbox
                ::1\tlocalhost ip6-localhost ip6-loopback
                10.0.0.1\tdb
                b c

                """
        )
        #expect(ran.errors == "oops\n")
    }

    /// Commands with what they print, under the default confinement.
    static let prints: [(command: String, output: String)] = [
        ("cat; echo done", "done\n"),
        ("grep -c . /proc/self/cgroup >/dev/null; cut -d: -f3 /proc/self/cgroup | sort | head -n 1", "/\n"),
        ("grep CapEff /proc/self/status", "CapEff:\t00000000a80425fb\n"),
        ("grep CapInh /proc/self/status", "CapInh:\t0000000000000000\n"),
        ("grep Seccomp: /proc/self/status", "Seccomp:\t2\n"),
        ("cat /proc/net/dev | grep -c :", "1\n"),
        ("echo 1 2>/dev/null >/proc/sys/kernel/hostname || echo refused", "refused\n"),
        ("wc -c </proc/keys; ls /proc/acpi /sys/firmware | grep -v : | tr -d '\\n'", "0\n"),
        ("touch /sys/x 2>/dev/null || echo refused", "refused\n"),
        (
            "ls /dev | tr '\\n' ' '",
            "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero "
        ),
        ("echo x >/dev/null && head -c 3 /dev/zero | wc -c", "3\n"),
        ("mknod /dev/m c 1 1 && { head -c 1 /dev/m 2>/dev/null | wc -c; }", "0\n"),
        ("mknod /m b 7 0 && { head -c 1 /m 2>&1 >/dev/null | sed 's/.*: //'; }", "Operation not permitted\n"),
        ("mknod /zero c 1 5 && head -c 1 /zero | wc -c", "1\n"),
        ("unshare -m true 2>/dev/null || echo refused", "refused\n"),
        ("ls -d /proc/[0-9]* | wc -l", "3\n"),
        ("df /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2", "65536\n"),
    ]

    @Test func theDefaultConfinementHolds() async throws {
        let bench = try Bench()
        // Twice, since the second time the filter comes compiled from the cache.
        for round in 1...2 {
            // An ordinary user can make no devices, so there is nothing to confine.
            for (command, output) in Self.prints where Bench.isRoot || !command.hasPrefix("mknod") {
                let mounted = try bench.driver.mount(bench.base, writable: true)
                let ran = try await bench.run(command, in: mounted)
                #expect(ran.output == output, "round \(round): \(command): \(ran.errors)")
            }
        }
    }

    @Test(.enabled(if: Bench.isRoot, "an ordinary user has no more to give")) func anInsecureStepMayDoMore()
        async throws
    {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let command = """
            grep Seccomp: /proc/self/status; mknod /m c 1 5 && head -c 1 /m | wc -c; ls -d /dev/loop0 /dev/kmsg
            test -w /proc/sys/kernel/hostname && echo writable; unshare -m true && echo unshared
            """
        let ran = try await bench.run(command, in: mounted) { $0.security = .insecure }
        #expect(ran.output == "Seccomp:\t0\n1\n/dev/kmsg\n/dev/loop0\nwritable\nunshared\n", "\(ran.errors)")
        #expect(bench.runtime.capabilities(for: .insecure).count > bench.runtime.capabilities(for: .sandbox).count)
        #expect(bench.runtime.seccompDigest(for: .insecure) == nil)
        #expect(bench.runtime.seccompDigest(for: .sandbox) != nil)
    }

    @Test(
        arguments: [
            ("exit 0", ContainerExit.Outcome.exited(0)),
            ("exit 3", .exited(3)),
            ("exit 255", .exited(255)),
            // What a shell says of a child that a signal ended is an exit code all the same.
            ("sh -c 'kill -9 $$'; exit $?", .exited(137)),
            ("exit 139", .exited(139)),
        ]
    )
    func exitCodesAreTold(_ command: String, _ outcome: ContainerExit.Outcome) async throws {
        let bench = try Bench()
        let ran = try await bench.run(command, in: bench.driver.mount(bench.base, writable: true))
        #expect(ran.exit.outcome == outcome)
        #expect(ran.exit.outOfMemory == nil)
    }

    @Test func aSignalIsNoExitCode() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let ran = try await bench.run("while :; do :; done", in: mounted) {
            $0.processLimits = [ProcessLimit(name: "cpu", soft: 1, hard: 1)]
        }
        #expect(ran.exit.outcome == .signaled(9))
        #expect(ran.exit.code == 137)
        #expect(ran.exit.usage.userTime + ran.exit.usage.systemTime > 400_000)
    }

    @Test(.enabled(if: Bench.isRoot, "needs control groups")) func limitsOnMemoryHold() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let ran = try await bench.run("head -c 200m /dev/zero | tail -c 190m | wc -c", in: mounted) {
            $0.resources.memory = 32 << 20
            $0.resources.memoryAndSwap = 32 << 20
            $0.resources.cpuShares = 512
        }
        #expect(ran.exit.outOfMemory == .counted || ran.output == "0\n", "\(ran)")
        let fatal = try await bench.run("exec tail -c 190m /dev/zero", in: mounted) {
            $0.resources.memory = 32 << 20
            $0.resources.memoryAndSwap = 32 << 20
        }
        #expect(fatal.exit.outcome == .signaled(9))
        #expect(fatal.exit.outOfMemory == .counted)
    }

    @Test func aHundredMegabytesAndAnyBytesSurvive() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let counted = Mutex<(Int, Int64, Bool)>((0, 0, true))
        var step = ContainerStep(root: mounted, args: ["sh", "-c", "yes | head -c 100000000"], env: ["PATH=/bin"])
        let exit = try await bench.runtime.run(step) { chunk in
            counted.withLock {
                $0.0 += chunk.bytes.count
                $0.2 = $0.2 && chunk.offset >= $0.1 && chunk.stream == .standardOutput
                $0.1 = chunk.offset
            }
        }
        #expect(exit.isSuccess)
        #expect(counted.withLock { $0.0 } == 100_000_000)
        #expect(counted.withLock { $0.2 }, "offsets rise")
        let bytes = Mutex<[UInt8]>([])
        step.args = ["sh", "-c", #"echo -ne '\0377\0200a\0303'"#]
        _ = try await bench.runtime.run(step) { chunk in bytes.withLock { $0 += chunk.bytes } }
        #expect(bytes.withLock { $0 } == [0xFF, 0x80, 0x61, 0xC3])
    }

    @Test func whoAStepRunsAsIsTaken() async throws {
        let bench = try Bench()
        try #require(bench.namespaces.identity != .singleID)
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let lookup = UserLookup(in: try bench.store.view(bench.base))
        let bob = try lookup.process("bob")
        let ran = try await bench.run("id; touch /tmp/f; stat -c %u:%g /tmp/f /w; ulimit -n", in: mounted) {
            $0.user = bob
            $0.workingDirectory = "/w"
            $0.processLimits = [ProcessLimit(name: "NOFILE", soft: 77, hard: 78)]
        }
        #expect(
            ran.output == "uid=1000(bob) gid=1000 groups=50(staff),100(users),1000\n1000:1000\n1000:1000\n77\n",
            "\(ran.errors)"
        )
    }

    @Test func aMissingProgramIsSaid() async throws {
        let bench = try Bench()
        let step = ContainerStep(root: try bench.driver.mount(bench.base, writable: true), args: ["/bin/nosuch"])
        await #expect {
            _ = try await bench.runtime.run(step) { _ in }
        } throws: {
            "\($0)".contains("/bin/nosuch")
        }
    }

    @Test func stepsHaveTheMachinesNetworkOrNone() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let command =
            "ls /sys/class/net | tr '\\n' ' '; cat /etc/resolv.conf | wc -c; ping -c 1 127.0.0.1 | grep -c from"
        let none = try await bench.run(command, in: mounted)
        #expect(none.output == "lo 0\n1\n", "\(none)")
        let host = try await bench.run("cat /etc/resolv.conf", in: mounted) { $0.network = .host }
        #expect(host.exit.isSuccess && !host.output.isEmpty)
    }

    @Test func runcServesWhereCrunIsAbsent() async throws {
        let program = try RuntimeProgram.find(searchPath: "/nonexistent")
        #expect(program.kind == .runc)
        #expect(program.version()?.hasPrefix("runc version") == true)
        let bench = try Bench(program: program)
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let ran = try await bench.run("grep -E 'Seccomp:|CapEff' /proc/self/status; touch /new; exit 4", in: mounted)
        #expect(ran.exit.outcome == .exited(4), "\(ran)")
        #expect(ran.output == "CapEff:\t00000000a80425fb\nSeccomp:\t2\n")
        let layer = try mounted.commit(timestamps: .default)
        #expect(try bench.listing(layer.diffID) == ["regular 644 0:0 new 0"])
    }
}
