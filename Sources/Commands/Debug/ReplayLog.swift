// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import CLinux
import EventStorage
import Glibc
import Layers
import SystemPackage

/// Appends a build's events once more, to a log of their own and as far apart as they came, and tells the cost.
struct ReplayLog: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-log",
        abstract: "Append a build's events once more, as far apart as they came, and print what that took.",
        discussion: """
            The log is a new one in a temporary folder of the data root. Prints one JSON object: events; processor, the \
            nanoseconds of processor time of encoding, hashing and storing; wait, the nanoseconds until the last event was \
            durable; nanoseconds, the sum, which recording cost the build at most; duration, the build's own.
            """
    )

    @Argument(help: ArgumentHelp("The build.", valueName: "ID"))
    var build = "latest"

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let root = store.path(in: console)
        let log = try store.log(for: console)
        let summary = try log.build(matching: build)
        let events = try log.events(of: summary.id)
        let folder = try ScratchFolder(in: root.appending("tmp"))
        let other = folder.path.appending("log")
        try FileKind.makeFolders(other.string)
        let clock = console.environment.clock
        let copy = try EventLog.open(root: other, clock: clock)
        try await copy.flush()

        let (began, used) = (clock.now(), Self.processorTime())
        for event in events {
            let ahead = event.time.nanoseconds - summary.started.nanoseconds
            let late = clock.now().nanoseconds - began.nanoseconds
            if ahead > late { try await Task.sleep(for: .nanoseconds(ahead - late)) }
            copy.append(event.event, build: event.build)
        }
        let last = clock.now()
        try await copy.flush()
        let wait = clock.now().nanoseconds - last.nanoseconds
        let processor = Self.processorTime() - used
        console.print([
            "id": .string(summary.id.description), "events": .integer(Int64(events.count)),
            "processor": .integer(processor), "wait": .integer(wait), "nanoseconds": .integer(processor + wait),
            "duration": .integer(summary.duration),
        ])
        return 0
    }

    private static func processorTime() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
