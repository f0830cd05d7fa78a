// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import Sandbox
import Synchronization
import SystemPackage
import Testing

/// However a step ends, nothing of it stays.
@Suite struct LeftoverTests {
    @Test func cancellingKillsAtOnce() async throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        let isUp = Mutex(false)
        // A process that ignores every signal that can be ignored, with children.
        let command = "trap '' TERM INT HUP; sleep 98761 & sleep 98761 & echo up; sleep 98761"
        var step = ContainerStep(root: mounted, args: ["/bin/sh", "-c", command], env: ["PATH=/bin"])
        step.mounts = [ContainerMount(.temporary(size: 0), at: "/made/for/it")]
        let running = Task.detached { [step] in
            try await bench.runtime.run(step) { _ in isUp.withLock { $0 = true } }
        }
        try await eventually { isUp.withLock { $0 } }
        #expect(Self.processes("98761") == 3)
        let clock = ContinuousClock()
        let start = clock.now
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        // A second on a machine that has time, as `ProcessTests` measure it; here it runs all other tests meanwhile.
        #expect(clock.now - start < .seconds(4))
        #expect(Self.processes("98761") == 0)
        #expect(try mounted.commit(timestamps: .default).isEmpty)
        // A step that was cancelled before it began runs nothing.
        let never = Task.detached { [step] in
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await bench.runtime.run(step) { _ in Issue.record("it ran") }
        }
        await #expect(throws: CancellationError.self) { try await never.value }
    }

    @Test func stepsCanBeCancelledAtAnyMoment() async throws {
        let bench = try Bench()
        for delay in stride(from: 0, to: 24, by: 2) {
            let mounted = try bench.driver.mount(bench.base, writable: true)
            var step = ContainerStep(root: mounted, args: ["/bin/sleep", "98762"])
            step.network = .none
            let running = Task.detached { [step] in try await bench.runtime.run(step) { _ in } }
            try await Task.sleep(for: .milliseconds(delay))
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            try mounted.unmount()
        }
        #expect(Self.processes("98762") == 0)
    }

    @Test(arguments: Bench.driverNames) func nothingStaysWhenReelIsKilled(_ driver: String) async throws {
        // A number that nobody else sleeps.
        let seconds = "98763.\(getpid())\(driver.utf8.count)"
        let helper = try HelperProgram(driver: driver, ["sleep \(seconds) & echo up; sleep \(seconds)"])
        while let line = helper.line(), line != "output up" {}
        try await eventually { Self.processes(seconds) == 2 }
        kill(helper.pid, SIGKILL)
        try await eventually { Self.processes(seconds) == 0 }
        // All mounts were in a namespace of its own.
        #expect(try !Self.text("/proc/self/mounts").contains(helper.root.string))
        try await eventually {
            unsafe access("/sys/fs/cgroup/devices/reel-\(helper.pid)", F_OK) != 0
        }
        // The next process on the same root works.
        #expect(helper.line() == nil)
    }

    @Test func rootsAndLayersAreUnmounted() async throws {
        var root = FilePath("/")
        do {
            let bench = try Bench()
            root = bench.root
            for name in Bench.driverNames {
                let mounted = try bench.driver(name).mount(bench.base, writable: true)
                _ = try await bench.run("true", in: mounted)
            }
            #expect(try Self.text("/proc/self/mounts").contains(root.string))
        }
        #expect(try !Self.text("/proc/self/mounts").contains(root.string))
        #expect(unsafe access(root.string, F_OK) != 0)
    }

    // MARK: Looking

    /// How many processes have `argument` as their second word.
    static func processes(_ argument: String) -> Int {
        var count = 0
        guard let stream = unsafe opendir("/proc") else { return 0 }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            guard let name = unsafe reel_entry_name(entry) else { continue }
            let path = "/proc/\(unsafe String(cString: name))/cmdline"
            if let text = try? text(path), text.split(separator: "\0").dropFirst().first == argument[...] { count += 1 }
        }
        return count
    }

    static func text(_ path: String) throws -> String {
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        defer { try? file.close() }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { return String(decoding: all, as: UTF8.self) }
            all += buffer.prefix(count)
        }
    }

    /// Waits up to five seconds until something is so.
    private func eventually(_ condition: () -> Bool) async throws {
        for _ in 0..<500 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it did not happen within five seconds")
    }
}
