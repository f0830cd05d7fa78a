// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import EventStorage
import Layers

/// Prints the hash of the context of a recorded build.
struct ExportContextHash: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "context-hash",
        abstract: "Print the hash of the context of a recorded build.",
        discussion: """
            It covers what the build could reach of the context, and the Dockerfile: what 'reel context hash --target' \
            gives for the stage that was built. The directory need not be there any more.
            """
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build: String

    @Option(help: ArgumentHelp("The context, where the build has several.", valueName: "NAME"))
    var context = "context"

    @OptionGroup var hash: ContextHashOptions
    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        try hash.check()
        let log = try store.log(for: console)
        let layers = try LayerStore(root: log.root)
        let record = try BuildRecord(try log.build(matching: build).id, log: log, blobs: layers.blobs)
        try await hash.print(HashedContext(of: record, named: context, layers: layers), json: form.json, on: console)
        return 0
    }
}
