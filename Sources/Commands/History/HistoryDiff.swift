// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildModel
import EventStorage
import Layers

/// Lists everything in which two builds differ.
struct HistoryDiff: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List what differs between two builds: environment, options, sources, steps, results."
    )

    @Argument(help: ArgumentHelp("The first build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var first: String

    @Argument(help: ArgumentHelp("The second build.", valueName: "ID"))
    var second: String

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let (first, second) = (try log.build(matching: first).id, try log.build(matching: second).id)
        let explainer = KeyExplainer(log: log, blobs: try BlobStore(root: log.root))
        let differences = try await Offload.run { try explainer.differences(from: first, to: second) }
        if form.json {
            for difference in differences { console.print(difference.json) }
            return 0
        }
        if differences.isEmpty { console.print("builds \(first) and \(second) differ in nothing") }
        for subject in BuildDifference.Subject.allCases {
            let chosen = differences.filter { $0.subject == subject }
            guard !chosen.isEmpty else { continue }
            console.print(Self.titles[subject] ?? subject.rawValue)
            for difference in chosen {
                console.print("  \(difference.name)")
                console.print("    - \(difference.before ?? "not there")")
                console.print("    + \(difference.after ?? "not there")")
                for line in difference.causes.flatMap(\.lines) { console.print("    \(line)") }
            }
        }
        return 0
    }

    private static let titles: [BuildDifference.Subject: String] = [
        .environment: "Environment", .option: "Options", .source: "Sources", .step: "Steps", .result: "Results",
    ]
}
