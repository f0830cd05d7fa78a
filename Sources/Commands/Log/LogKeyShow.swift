// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEvents
import SystemPackage

/// Shows the half of a key that verifies.
struct LogKeyShow: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the half of a key that verifies; give it to those who check."
    )

    @Argument(help: ArgumentHelp("A key; else the data root's own.", valueName: "FILE"), completion: .file())
    var file: String?

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let path = file ?? KeyFiles.own(in: store.path(in: console))
        console.print(try KeyFiles.signer(in: path, for: console).verifier.text)
        return 0
    }
}
