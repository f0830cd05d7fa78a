// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress

/// Removes what is not needed.
struct PruneCommand: ReelCommand {
    // The directory driver leaves files of mapped ids, which only root of the user namespace may remove.
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove blobs that nothing names; with --cache and --all, more.",
        discussion: """
            Images of the store and the texts of the record (graphs, keys, output) always stay. After --all builds whose \
            contexts or base layers are gone can't be replayed, and 'reel replay' says so (exit 9).
            """
    )

    @Flag(help: "Also layers that steps made and no image has: builds make them again.")
    var cache = false

    @Flag(name: .shortAndLong, help: "Also contexts and base layers that only records of builds need.")
    var all = false

    @Flag(name: .customLong("dry-run"), help: "Say what would go, and remove nothing.")
    var dryRun = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        guard try store.logIfAny(for: console) != nil else { return 0 }
        let engine = try store.engine(for: console)
        let scope: PruneScope = all ? .all : cache ? .cache : .dangling
        let report = try await engine.prune(scope, dryRun: dryRun)
        if form.json {
            for digest in report.digests { console.print(["id": JSONValue(digest), "removed": .boolean(!dryRun)]) }
            return 0
        }
        for digest in report.digests { console.print(digest.description) }
        let count = "\(Quantity.count(report.digests.count)) blob\(report.digests.count == 1 ? "" : "s")"
        console.print("\(dryRun ? "would remove" : "removed") \(count), \(Quantity.bytes(report.bytes))")
        return 0
    }
}
