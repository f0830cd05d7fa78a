// SPDX-License-Identifier: Apache-2.0

import Subprocess
public import SystemPackage

/// containerd through its command-line program `ctr`.
public struct ContainerdProgram: ContainerdClient {
    /// The program's path, or a name that is looked up in `PATH`.
    public let program: String

    /// Makes a client that runs `program`.
    public init(program: String = "ctr") { self.program = program }

    /// Runs `ctr images import`.
    public func importImage(archive: FilePath, into target: ContainerdTarget, unpack: Bool) async throws {
        var arguments: [String] = []
        if let address = target.address { arguments += ["--address", address] }
        arguments += ["--namespace", target.namespace, "images", "import", "--all-platforms"]
        if !unpack { arguments.append("--no-unpack") }
        arguments.append(archive.string)
        let status: TerminationStatus
        let said: String?
        do {
            let result = try await run(
                program.contains("/") ? .path(FilePath(program)) : .name(program),
                arguments: Arguments(arguments),
                output: .discarded,
                error: .string(limit: 1 << 20)
            )
            (status, said) = (result.terminationStatus, result.standardError)
        } catch let error as SubprocessError {
            throw ExportError.program(program, reason: "it can't be run (\(error)); install containerd")
        }
        guard status.isSuccess else {
            let lines = (said ?? "").split(separator: "\n").suffix(3).joined(separator: "; ")
            throw ExportError.program(program, reason: lines.isEmpty ? "it ended with \(status)" : lines)
        }
    }
}
