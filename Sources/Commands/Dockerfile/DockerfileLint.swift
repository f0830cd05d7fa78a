// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Checks a Dockerfile.
struct DockerfileLint: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check a Dockerfile, as BuildKit's --check does.",
        discussion: "Ends with 1 when there are warnings that the file asks to take as errors, with 2 for a mistake."
    )

    @OptionGroup var dockerfile: DockerfileArgument

    @Option(help: ArgumentHelp("Only what this stage needs.", valueName: "STAGE"))
    var target: String?

    @Option(name: .customLong("build-arg"), help: ArgumentHelp("A build argument.", valueName: "NAME[=VALUE]"))
    var buildArguments: [String] = []

    @OptionGroup var form: JSONOptions

    func perform(on console: Console) async throws -> Int32 {
        let (name, bytes) = try dockerfile.read(console)
        let check = DockerfileCheck(
            name: name,
            bytes: bytes,
            target: target,
            buildArguments: buildArguments,
            json: form.json
        )
        return try await check.perform(on: console)
    }
}
