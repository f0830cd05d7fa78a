// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEvents
import BuildModel
import EventStorage

/// Lists events, newest first, or follows them as they come.
struct LogList: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List events, newest first.",
        discussion: """
            With --raw each line is the canonical form of an event, whose SHA-256 with a zero byte before it is the \
            event's leaf in the Merkle tree (RFC 6962). With --follow events come in their own order, from the first one on.
            """,
        aliases: ["list"]
    )

    @Argument(help: ArgumentHelp("Only events of this build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build: String?

    @Flag(help: "Print what is there in order, then wait for more; of one build, until it ends.")
    var follow = false

    @Flag(help: "Print the canonical form of the events.")
    var raw = false

    @Option(help: ArgumentHelp("Only events whose kind starts so, such as 'step.'.", valueName: "KIND"))
    var kind: String?

    @Option(help: ArgumentHelp("Only events after this number.", valueName: "SEQ"))
    var after: Int64 = 0

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("At most so many.", valueName: "N"))
    var limit: Int?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        if let limit { _ = try HistoryList.positive(limit, option: "--limit") }
        guard let log = try store.logIfAny(for: console) else { return 0 }
        let id = try build.map { try log.build(matching: $0).id }
        if follow {
            try await follow(log, id, on: console)
        } else {
            try list(log, id, on: console)
        }
        return 0
    }

    private func list(_ log: EventLog, _ id: BuildID?, on console: Console) throws {
        var left = limit ?? .max
        var pages = EventPages(log: log, build: id, after: after)
        while left > 0, !console.output.isClosed, let page = try pages.next() {
            for event in page where matches(event) {
                print(event, on: console)
                left -= 1
                if left == 0 { break }
            }
        }
    }

    private func follow(_ log: EventLog, _ id: BuildID?, on console: Console) async throws {
        var left = limit ?? .max
        for try await event in log.follow(id, after: after) {
            let stored = StoredEvent(event)
            guard matches(stored) else { continue }
            print(stored, on: console)
            console.output.flush()
            left -= 1
            if left == 0 || console.output.isClosed { return }
        }
    }

    private func matches(_ event: StoredEvent) -> Bool {
        kind.map { event.kind.hasPrefix($0) } ?? true
    }

    private func print(_ event: StoredEvent, on console: Console) {
        if raw {
            console.output.write(bytes: event.canonicalBytes + [0x0A])
        } else if form.json {
            console.print(event.json)
        } else {
            console.print(event.line)
        }
    }
}

extension StoredEvent {
    /// The object that `reel log ls --json` prints: the canonical members, the time as text too, id and leaf hash.
    fileprivate var json: JSONValue {
        [
            "id": .integer(seq), "seq": .integer(seq), "build": build.isEmpty ? .null : .string(build),
            "kind": .string(kind), "version": JSONValue(version), "time": .integer(time),
            "date": JSONValue(Timestamp(nanoseconds: time)), "leaf": JSONValue(leaf),
            "body": (try? JSONValue(parsing: body)) ?? .null,
        ]
    }

    /// The event as one line for a person.
    fileprivate var line: String {
        let owner = build.isEmpty ? "-" : String(build.suffix(8))
        let date = Timestamp(nanoseconds: time / 1_000_000 * 1_000_000).rfc3339
        return "\(seq)  \(date)  \(owner)  \(kind)  \(String(decoding: body, as: UTF8.self))"
    }
}
