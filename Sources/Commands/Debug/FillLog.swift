// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import EventStorage
import SystemPackage

/// Fills an empty log with made-up builds, and tells how fast.
struct FillLog: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill-log",
        abstract: "Fill the empty log of a new data root with made-up builds, to measure reel with.",
        discussion: """
            Prints one JSON object: events, builds, and the nanoseconds from the first append until the last event was \
            durable. A log that holds anything is refused.
            """
    )

    @Option(help: ArgumentHelp("How many events.", valueName: "N"))
    var events = 100_000

    @Option(help: ArgumentHelp("How many builds they belong to.", valueName: "N"))
    var builds = 10_000

    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard store.root != nil else { throw ValidationError("--root must name a new data root") }
        guard builds >= 1, events / builds >= 4 else { throw ValidationError("a build has at least four events") }
    }

    func perform(on console: Console) async throws -> Int32 {
        let root = store.path(in: console)
        try FileKind.makeFolders(root.string)
        let clock = console.environment.clock
        let log = try EventLog.open(root: root, clock: clock)
        guard try log.count() == 0 else {
            throw UsageError("\(root): its log holds events; name a data root that does not exist yet")
        }
        let history = MadeUpHistory(
            eventsPerBuild: events / builds,
            start: Timestamp(nanoseconds: clock.now().nanoseconds - Int64(builds) * 1_000_000_000)
        )
        let before = clock.now()
        var made = 0
        while made < builds {
            // One portion is made while the one before is stored, so that neither memory nor a group grows with the log.
            async let stored: Void = log.flush()
            let portion = made..<min(builds, made + max(1, 20_000 / history.eventsPerBuild))
            for number in portion {
                let id = history.id(number)
                for event in history.events(of: number) { log.append(event, build: id) }
            }
            made = portion.upperBound
            try await stored
        }
        try await log.flush()
        console.print([
            "id": "log", "events": .integer(try log.count()), "builds": .integer(Int64(builds)),
            "nanoseconds": .integer(clock.now().nanoseconds - before.nanoseconds),
        ])
        return 0
    }
}

/// Opens a log, as every build does first, and tells how long that took.
struct OpenLog: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "open-log",
        abstract: "Open the log, look up a key, and print how long each took.",
        discussion: "Prints one JSON object: events, nanoseconds, lookup (nanoseconds)."
    )

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let clock = console.environment.clock
        let before = clock.now()
        let log = try store.log(for: console)
        let opened = clock.now()
        _ = try await log.result(forKey: ContentDigest(of: "a key that no step has"))
        let found = clock.now()
        console.print([
            "id": "log", "events": .integer(try log.count()),
            "nanoseconds": .integer(opened.nanoseconds - before.nanoseconds),
            "lookup": .integer(found.nanoseconds - opened.nanoseconds),
        ])
        return 0
    }
}
