// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Subprocess
import SystemPackage
import Testing

/// What a program left behind.
struct Finished: Sendable {
    var code: Int32
    var output: String
    var errors: String

    /// The lines of the output, as JSON.
    var json: [JSONValue] {
        get throws { try output.split(separator: "\n").map { try JSONValue(parsing: String($0)) } }
    }
}

/// A data root, a folder to work in, and the `reel` that was built beside the tests; all removed at the end.
final class Workspace: Sendable {
    let folder: String
    let root: String

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = unsafe String(cString: made)
        root = folder + "/root"
    }

    deinit {
        _ = unsafe system("rm -rf '\(folder)'")
    }

    /// The folder in which the tests' programs lie.
    ///
    /// Not by /proc/self/exe, which leads into a mount namespace that the tests may have left.
    static let programs = CommandLine.arguments[0].split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }

    /// The program under test: `$REEL_UNDER_TEST`, else the one that was built with the tests.
    static let reel: String = environment("REEL_UNDER_TEST") ?? programs + "/reel"

    /// The repository that the tests were built from: `$REEL_TEST_REPOSITORY` where it can be read elsewhere only.
    static let repository: String =
        environment("REEL_TEST_REPOSITORY")
        ?? #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }

    /// Runs `reel` in the workspace's folder with its data root.
    func reel(
        _ arguments: String...,
        in directory: String? = nil,
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> Finished {
        try await run(Self.reel, arguments, in: directory, environment: environment, input: input)
    }

    /// Runs a program, by path or by name.
    func run(
        _ program: String,
        _ arguments: [String],
        in directory: String? = nil,
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) async throws -> Finished {
        // The folder goes with this object, which nothing else may hold while the program runs.
        defer { withExtendedLifetime(self) {} }
        var changes: [Environment.Key: String] = ["REEL_ROOT": root, "LC_ALL": "C.UTF-8"]
        for (name, value) in environment { changes[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            program.contains("/") ? .path(FilePath(program)) : .name(program),
            arguments: Arguments(arguments),
            environment: .inherit.updating(changes.mapValues { Optional($0) }),
            workingDirectory: FilePath(directory ?? folder),
            input: .array(input),
            output: .bytes(limit: 256 << 20),
            error: .bytes(limit: 64 << 20)
        )
        let code: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Finished(
            code: code,
            output: String(decoding: result.standardOutput, as: UTF8.self),
            errors: String(decoding: result.standardError, as: UTF8.self)
        )
    }

    /// Runs a shell script and requires that it succeeds.
    @discardableResult
    func shell(_ script: String, environment: [String: String] = [:]) async throws -> String {
        let finished = try await run("bash", ["-euo", "pipefail", "-c", script], environment: environment)
        try #require(finished.code == 0, "\(script)\n\(finished.errors)")
        return finished.output
    }

    /// Writes a file below the folder, with its parents.
    func write(_ text: String, to path: String) async throws {
        let target = folder + "/" + path
        try await shell("mkdir -p \"$(dirname '\(target)')\"")
        let descriptor = try FileDescriptor.open(
            FilePath(target),
            .writeOnly,
            options: [.create, .truncate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead]
        )
        try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
    }

    /// Takes the static busybox into the store as `busybox:static`.
    func importBusybox() async throws {
        let tar = try await Self.busyboxTar()
        let imported = try await reel("image", "import", "busybox:static", tar)
        try #require(imported.code == 0, "\(imported.errors)")
    }

    /// The root of Debian's static busybox as a tar, made once for all tests of a process.
    static func busyboxTar() async throws -> String {
        try await busybox.value
    }

    private static let busybox = Task { () -> String in
        let path = "/tmp/reel-test-busybox-\(getpid()).tar"
        let workspace = try Workspace()
        try await workspace.shell("'\(repository)/Replays/hello/busybox-root' '\(path)'")
        atexit { unsafe unlink("/tmp/reel-test-busybox-\(getpid()).tar") }
        return path
    }

    /// The events of the log, oldest first.
    func events() async throws -> [JSONValue] {
        let listed = try await reel("log", "ls", "--json")
        try #require(listed.code == 0, "\(listed.errors)")
        return try listed.json.sorted { ($0["seq"]?.integer ?? 0) < ($1["seq"]?.integer ?? 0) }
    }

    /// How many events of a kind the log has.
    func count(_ kind: String) async throws -> Int {
        try await events().count { $0["kind"]?.text == kind }
    }
}

/// Whether the tests run as root.
let isRoot = geteuid() == 0

/// A variable of the environment of the tests.
func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}
