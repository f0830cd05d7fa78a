// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildModel
import BuildProgress
import EventStorage

/// Makes the index again from the log.
struct LogRebuild: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild",
        abstract: "Make index.sqlite again from the log."
    )

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let count = try await Offload.run { try log.rebuildIndex() }
        if form.json {
            console.print(["events": .integer(count)])
        } else {
            console.print("\(Quantity.count(count)) events read, the index is new")
        }
        return 0
    }
}
