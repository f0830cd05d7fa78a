// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress

/// Shows what takes space.
struct UsageCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "du",
        abstract: "Show what takes space in the store, largest first."
    )

    @Flag(name: .shortAndLong, help: "List every blob.")
    var verbose = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        guard try store.logIfAny(for: console) != nil else { return 0 }
        let records = try store.engine(for: console).usage()
        if form.json {
            for record in records { console.print(record.json) }
            return 0
        }
        if verbose {
            var table = TextTable(["DIGEST", "SIZE", "WHAT IT IS"], rightAligned: [1])
            for record in records {
                table.add([record.digest.description, Quantity.bytes(record.size), Self.roles(record)])
            }
            console.print(table)
            console.print("")
        }
        console.print(Self.summary(records))
        return 0
    }

    private static func roles(_ record: UsageRecord) -> String {
        record.roles.isEmpty ? "dangling" : record.roles.joined(separator: ", ")
    }

    private static func summary(_ records: [UsageRecord]) -> TextTable {
        var sums: [String: (count: Int, bytes: Int64)] = [:]
        for record in records {
            let sum = sums[roles(record)] ?? (0, 0)
            sums[roles(record)] = (sum.count + 1, sum.bytes + record.size)
        }
        var table = TextTable(["WHAT", "BLOBS", "SIZE"], rightAligned: [1, 2])
        for (role, sum) in sums.sorted(by: { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }) {
            table.add([role, Quantity.count(sum.count), Quantity.bytes(sum.bytes)])
        }
        let total = records.reduce(0) { $0 + $1.size }
        table.add(["total", Quantity.count(records.count), Quantity.bytes(total)])
        let free = records.filter { !$0.isNeeded }.reduce(0) { $0 + $1.size }
        table.add(["of that, for 'reel prune --all'", "", Quantity.bytes(free)])
        return table
    }
}

extension UsageRecord {
    /// The object that `reel du --json` prints.
    fileprivate var json: JSONValue {
        [
            "id": JSONValue(digest), "size": .integer(size), "roles": JSONValue(roles), "needed": .boolean(isNeeded),
        ]
    }
}
