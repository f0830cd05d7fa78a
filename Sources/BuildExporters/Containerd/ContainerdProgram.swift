// SPDX-License-Identifier: Apache-2.0

import BuildModel
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
        let words = arguments
        let ended: ProgramRun
        do { ended = try await Offload.run { [program] in try ProgramRun(program, words) } } catch let error
            as SystemCallError
        {
            throw ExportError.program(program, reason: "it can't be run (\(error)); install containerd")
        }
        guard ended.isSuccess else {
            let words = ended.complaint
            throw ExportError.program(program, reason: words.isEmpty ? "it ended with \(ended.code)" : words)
        }
    }
}
