// SPDX-License-Identifier: Apache-2.0

import Glibc
import Subprocess
import SystemPackage
import Testing

/// What a program said.
struct ProgramOutput: Sendable {
    let succeeded: Bool
    let output: String
    let error: String
}

/// Runs other programs.
enum Program {
    /// Runs `arguments[0]` and waits for it.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramOutput {
        var values: [Environment.Key: String?] = [:]
        for (key, value) in environment { values[Environment.Key(stringLiteral: key)] = value }
        let result = try await Subprocess.run(
            .name(arguments[0]),
            arguments: Arguments(Array(arguments.dropFirst())),
            environment: .inherit.updating(values),
            output: .string(limit: 64 << 20),
            error: .string(limit: 16 << 20)
        )
        return ProgramOutput(
            succeeded: result.terminationStatus.isSuccess,
            output: result.standardOutput,
            error: result.standardError
        )
    }

    /// Runs a program that must succeed, and returns what it printed.
    @discardableResult
    static func require(
        _ arguments: String...,
        environment: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await run(arguments, environment: environment)
        try #require(result.succeeded, "\(arguments): \(result.error)", sourceLocation: sourceLocation)
        return result.output
    }

    /// Whether a program of that name is installed.
    static func exists(_ name: String) -> Bool {
        ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin", "/sbin"].contains { folder in
            unsafe access("\(folder)/\(name)", X_OK) == 0
        }
    }
}
