// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel

/// Commands that read a Dockerfile and build nothing.
struct DockerfileGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dockerfile",
        abstract: "Read a Dockerfile without building it.",
        subcommands: [DockerfileParse.self, DockerfileLint.self]
    )
}

/// Which Dockerfile a command reads.
struct DockerfileArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("A Dockerfile, a directory that has one, or '-' for standard input.", valueName: "FILE"),
        completion: .file()
    )
    var file = "Dockerfile"

    /// Its name and its bytes.
    func read(_ console: Console) throws -> (name: String, bytes: [UInt8]) {
        if file == "-" { return ("Dockerfile", try console.readInput(16 << 20)) }
        let path = console.environment.absolute(file)
        guard FileKind.isDirectory(path) else { return (file, try InputFile.read(path, limit: 16 << 20)) }
        return ("Dockerfile", try InputFile.read(path + "/Dockerfile", limit: 16 << 20))
    }
}
