// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEvents
import BuildModel
import BuildProgress
import EventStorage

/// Shows everything about one build.
struct HistoryInspect: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the sources, steps and results of a build."
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build = "latest"

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let summary = try log.build(matching: build)
        let details = BuildDetails(try log.events(of: summary.id))
        if form.json {
            console.print(.object((summary.json.members ?? [:]).merging(details.json) { _, added in added }))
        } else {
            for line in InspectText(summary: summary, details: details).lines { console.print(line) }
        }
        return 0
    }
}
