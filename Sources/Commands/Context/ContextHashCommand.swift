// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel

/// Prints the hash of a directory as a build sees it, without building.
struct ContextHashCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the hash of a directory or git repository as a build sees it.",
        discussion: """
            Without --format it is reel's own, the digest of the list of files. The other formats are what ordinary tools \
            compute of the same files; see Docs/context-hash.md.
            """
    )

    @Argument(
        help: ArgumentHelp("The directory, or a git repository as URL#REF:SUBDIR.", valueName: "PATH"),
        completion: .directory
    )
    var path = "."

    @Option(
        name: [.short, .customLong("file")],
        help: ArgumentHelp("The Dockerfile, which counts too, and whose own ignore file goes first.", valueName: "FILE")
    )
    var file: String?

    @Option(help: ArgumentHelp("Only what this stage, by name or number, can reach.", valueName: "STAGE"))
    var target: String?

    @Option(
        name: .customLong("build-arg"),
        help: ArgumentHelp("A build argument that --target's stages copy by.", valueName: "NAME[=VALUE]")
    )
    var buildArguments: [String] = []

    @Option(
        name: .customLong("ignore-file"),
        help: ArgumentHelp("Ignore rules, in place of the context's own.", valueName: "FILE"),
        completion: .file()
    )
    var ignoreFile: String?

    @Flag(name: .customLong("verify-context"), help: "Read every file, whatever seems unchanged.")
    var verifies = false

    @OptionGroup var hash: ContextHashOptions
    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        try hash.check()
        let place = ContextPlace(
            path: path,
            file: file,
            target: target,
            buildArguments: buildArguments,
            verifies: verifies,
            ignoreFile: ignoreFile
        )
        try await hash.print(place.read(store, on: console), json: form.json, on: console)
        return 0
    }
}
