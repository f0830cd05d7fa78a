// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress
import EventStorage
import SystemPackage

/// Saves what is left of a damaged log.
struct LogSalvageCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Keep every event of a damaged log that still verifies, and say which are lost.",
        discussion: """
            The damaged files are copied to the folder 'damaged' of the data root first. Kept events keep their numbers \
            and bytes; where one is lost stands a log.recovered. A sound log comes out as it was, with one such event more.
            """
    )

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let root = store.path(in: console)
        let clock = console.environment.clock
        let result = try await Offload.run { try EventLog.salvage(root: root, clock: clock) }
        let lost = result.lost.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        let count = result.lost.reduce(0) { $0 + $1.count }
        if form.json {
            console.print([
                "kept": .integer(result.kept), "lost": JSONValue(lost), "lostCount": JSONValue(count),
                "damaged": .string(result.damaged.string),
            ])
            return 0
        }
        console.print("\(Quantity.count(Int(result.kept))) events kept, \(count) lost")
        if !lost.isEmpty { console.print("lost: \(lost.joined(separator: ", "))") }
        console.print("the damaged log is in \(result.damaged)")
        return 0
    }
}
