// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildExporters
import BuildModel
import EventStorage
import Foundation
import SystemPackage

@testable import Audit

/// A folder with contexts and data roots in it, removed at the end.
final class Site: Sendable {
    let folder: String

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    /// A data root of this site, open.
    func engine(_ name: String = "root") throws -> Engine {
        var environment = EngineEnvironment.system(commandLine: ["reel", "test"])
        environment.workingDirectory = folder
        environment.variables = [:]
        return try Engine(root: FilePath(path(name)), environment: environment)
    }

    func write(_ text: String, to name: String) throws {
        let url = URL(filePath: path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(filePath: path(name))) }

    func read(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(filePath: path(name)))) }

    /// A build that needs no container: files onto scratch.
    func build(_ engine: Engine, tag: String? = "small:1", context: String = "context") async throws -> BuildID {
        if !FileManager.default.fileExists(atPath: path(context + "/Dockerfile")) {
            try write("FROM scratch\nCOPY a.txt /a.txt\nCOPY sub /sub\n", to: context + "/Dockerfile")
            try write("first\n", to: context + "/a.txt")
            try write("second\n", to: context + "/sub/b.txt")
        }
        var request = BuildRequest(
            frontend: .dockerfile(name: "Dockerfile", bytes: nil),
            contexts: ["context": path(context)]
        )
        request.tags = tag.map { [$0] } ?? []
        return try await engine.build(request, observer: SilentObserver()).id
    }

    /// A small recording in the file `name`, and its build.
    @discardableResult
    func record(to name: String = "small.reel", root: String = "root") async throws -> BuildID {
        let engine = try engine(root)
        let id = try await build(engine)
        _ = try await engine.exportRecording(of: id, to: .path(path(name)))
        return id
    }

    /// Runs a program and returns its exit code and what it printed.
    @discardableResult
    func run(_ program: String, _ arguments: String...) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    /// `Docs/verify/verify.py` on a recording.
    func verify(_ name: String, key: String? = nil) throws -> (code: Int32, output: String) {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Docs/verify/verify.py").path
        guard let key else { return try run("/usr/bin/python3", script, "recording", path(name)) }
        return try run("/usr/bin/python3", script, "recording", path(name), "--key", key)
    }
}
