// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import BuildProgress
import EventStorage
import Glibc
import SystemPackage
import Testing

@testable import Commands

/// A clock that stands still at 2026-08-01T12:00:00Z.
struct StillClock: WallClock {
    func now() -> Timestamp { Timestamp(seconds: 1_785_585_600) }
}

/// A folder with a data root in it, removed at the end, and a console that keeps what it is told.
final class Bench: Sendable {
    let folder: String
    var root: String { folder + "/root" }

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = unsafe String(cString: made)
    }

    deinit { Self.remove(folder) }

    private static func remove(_ path: String) {
        if let stream = unsafe opendir(path) {
            while let entry = unsafe readdir(stream) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                    unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
                }
                if name != ".", name != ".." { remove(path + "/" + name) }
            }
            unsafe closedir(stream)
        }
        _ = unsafe Glibc.remove(path)
    }

    func write(_ text: String, to path: String) throws {
        let parts = path.split(separator: "/").dropLast()
        if !parts.isEmpty { try FileKind.makeFolders(folder + "/" + parts.joined(separator: "/")) }
        try InputFile.write(Array(text.utf8), to: folder + "/" + path)
    }

    func console(
        variables: [String: String] = [:],
        input: [UInt8] = [],
        terminal: Bool = false,
        commandLine: [String] = ["reel"]
    ) -> Console {
        let folder = folder
        var variables = variables
        variables["REEL_ROOT"] = variables["REEL_ROOT"] ?? root
        let environment = EngineEnvironment(
            clock: StillClock(),
            random: { 7 },
            variables: variables,
            host: "bench",
            pid: getpid(),
            uid: 0,
            workingDirectory: folder,
            commandLine: commandLine,
            processors: 2
        )
        return Console(
            environment: environment,
            output: OutputSink(),
            errors: OutputSink(),
            readsTerminal: terminal,
            writesTerminal: terminal,
            complainsToTerminal: terminal,
            readInput: { limit in
                guard input.count <= limit else { throw UsageError("standard input: it is larger than \(limit) bytes") }
                return input
            },
            spoolInput: {
                guard !input.isEmpty else { throw UsageError("standard input has neither a tar nor a Dockerfile") }
                let path = folder + "/standard-input"
                try InputFile.write(input, to: path)
                return path
            },
            size: { TerminalSize(columns: 80, rows: 24) }
        )
    }

    /// Runs a command line to its end.
    func run(
        _ words: String...,
        variables: [String: String] = [:],
        input: [UInt8] = []
    ) async -> (code: Int32, output: String, errors: String) {
        let console = console(variables: variables, input: input, commandLine: ["reel"] + words)
        switch Program.parse(words) {
        case .answer(let text, let code): return (code, code == 0 ? text : "", code == 0 ? "" : text)
        case .command(let command):
            let code = await Program.perform(command, on: console)
            console.errors.flush()
            return (code, console.output.captured, console.errors.captured)
        }
    }

    /// Runs a command line to its end.
    func run(_ words: [String]) async -> (code: Int32, output: String, errors: String) {
        let console = console(commandLine: ["reel"] + words)
        guard case .command(let command) = Program.parse(words) else { return (2, "", "") }
        let code = await Program.perform(command, on: console)
        console.errors.flush()
        return (code, console.output.captured, console.errors.captured)
    }

    /// The objects of JSON Lines.
    static func json(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    /// The request of a `reel build` line.
    func request(_ words: [String], variables: [String: String] = [:], input: [UInt8] = []) throws -> BuildRequest {
        guard case .command(let command) = Program.parse(["build"] + words), let build = command as? BuildCommand else {
            throw UsageError("not a build")
        }
        return try build.request(for: console(variables: variables, input: input))
    }

    /// A log of the data root, made where there is none.
    func log() throws -> EventLog {
        try FileKind.makeFolders(root)
        return try EventLog.open(root: FilePath(root), clock: StillClock())
    }
}
