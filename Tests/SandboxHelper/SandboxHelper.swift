// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import OCIModel
import Sandbox
import SystemPackage

/// A small program for tests: runs commands in a root of busybox, each on what the last one left, and prints DiffIDs.
///
/// `sandbox-helper ROOT DRIVER BUSYBOX COMMAND…`; a line `running` comes before the first command, a DiffID after each.
/// With `time=N` instead of a command, `true` runs N times, and the milliseconds for each are printed.
@main enum SandboxHelper {
    static func main() {
        do {
            // Before anything starts a thread.
            let namespaces = try NamespaceEntry.enter()
            Task.detached {
                do {
                    try await run(namespaces)
                    exit(0)
                } catch {
                    say("error: \(error)")
                    exit(1)
                }
            }
            dispatchMain()
        } catch {
            say("error: \(error)")
            exit(1)
        }
    }

    /// Prints a line at once: whoever reads may wait for it.
    static func say(_ text: String) { _ = try? FileDescriptor.standardOutput.writeAll(Array((text + "\n").utf8)) }

    static func dispatchMain() -> Never { while true { pause() } }

    static func run(_ namespaces: NamespaceEntry) async throws {
        let arguments = CommandLine.arguments
        let root = FilePath(arguments[1])
        let store = try LayerStore(root: root)
        let folder = root.appending("tmp").appending("helper-\(getpid())")
        let environment = MountEnvironment(
            folder: folder.appending("m"),
            isRootless: namespaces.isRootless,
            hasSingleID: namespaces.identity == .singleID
        )
        let preferred = arguments[2] == "any" ? nil : arguments[2]
        let choice = try DriverChoice.choose(for: store, in: environment, preferred: preferred, searchPath: "/usr/bin")
        let runtime = try ContainerRuntime(
            program: RuntimeProgram.find(searchPath: "/usr/bin"),
            folder: folder.appending("c"),
            cache: root.appending("cache"),
            namespaces: namespaces,
            clock: SystemWallClock()
        )
        say("identity \(namespaces.identity) driver \(choice.driver.name) because \(choice.reason)")
        var snapshot = Snapshot(layers: [try busybox(arguments[3], in: store)])
        say("running")
        for command in arguments.dropFirst(4) {
            if command.hasPrefix("time="), let count = Int(command.dropFirst(5)) {
                try await time(count, snapshot, choice.driver, runtime)
                continue
            }
            let mounted = try choice.driver.mount(snapshot, writable: true)
            var step = ContainerStep(root: mounted, args: ["/bin/sh", "-c", command], env: ["PATH=/bin"])
            step.network = .none
            let exit = try await runtime.run(step) { chunk in
                say("output " + String(decoding: chunk.bytes.prefix { $0 != 10 }, as: UTF8.self))
            }
            let layer = try mounted.commit(timestamps: .default)
            try mounted.unmount()
            say("exit \(exit.code) \(layer.diffID)")
            snapshot.append(layer.diffID)
        }
        choice.driver.close()
        runtime.close()
        try TreeRemoval.remove(folder)
    }

    /// Runs `true` again and again, each time in a root of its own that is committed.
    static func time(
        _ count: Int,
        _ snapshot: Snapshot,
        _ driver: any SnapshotDriver,
        _ runtime: ContainerRuntime
    ) async throws {
        var spent: [Duration] = []
        for _ in 0...count {
            let clock = ContinuousClock()
            let start = clock.now
            let mounted = try driver.mount(snapshot, writable: true)
            var step = ContainerStep(root: mounted, args: ["/bin/true"], env: ["PATH=/bin"])
            step.network = .host
            let before = clock.now
            _ = try await runtime.run(step) { _ in }
            let after = clock.now
            _ = try mounted.commit(timestamps: .default)
            try mounted.unmount()
            spent.append(clock.now - start)
            if spent.count == count { say("mount \(before - start) run \(after - before) end \(clock.now - after)") }
        }
        let steady = spent.dropFirst().sorted()
        let total = steady.reduce(Duration.zero, +) / max(1, steady.count)
        say("first \(spent[0]) median \(steady[steady.count / 2]) mean \(total)")
    }

    /// A layer with busybox and the names of its commands.
    static func busybox(_ program: String, in store: LayerStore) throws -> ContentDigest {
        let writer = try store.writer(timestamps: .default)
        let directory = FileAttributes(kind: .directory, mode: 0o755)
        let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
        let file = try FileDescriptor.open(FilePath(program), .readOnly)
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        try writer.directory(Array("bin".utf8), directory)
        try writer.file(
            Array("bin/busybox".utf8),
            FileAttributes(kind: .regular, mode: 0o755),
            size: size,
            content: .descriptor(file)
        )
        let names = [
            "cat", "chmod", "chown", "dd", "echo", "env", "false", "head", "hostname", "id", "ifconfig", "kill", "ln",
            "ls", "mkdir", "mkfifo", "mknod", "mv", "pwd", "readlink", "rm", "seq", "sh", "sleep", "stat", "test",
            "touch", "true", "ulimit", "umask", "wget", "yes",
        ]
        for name in names {
            try writer.symbolicLink(Array("bin/\(name)".utf8), link, target: Array("busybox".utf8))
        }
        return try writer.finish().diffID
    }
}
