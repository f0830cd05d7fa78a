// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildModel
import DockerfileFrontend

/// Prints the syntax tree of a Dockerfile.
struct DockerfileParse: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse",
        abstract: "Print the syntax tree of a Dockerfile as a JSON object."
    )

    @OptionGroup var dockerfile: DockerfileArgument

    @Flag(help: "As without it; the tree is always JSON.")
    var json = false

    func perform(on console: Console) async throws -> Int32 {
        let (name, bytes) = try dockerfile.read(console)
        console.print(try DockerfileFrontend.parse(bytes, fileName: name).json)
        return 0
    }
}
