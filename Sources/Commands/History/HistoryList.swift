// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress
import EventStorage

/// Lists builds, newest first.
struct HistoryList: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List builds, newest first.",
        aliases: ["list"]
    )

    @Option(
        help: ArgumentHelp("Only builds of this status; repeatable.", valueName: "running|finished|failed|cancelled")
    )
    var status: [StatusChoice] = []

    @Option(help: ArgumentHelp("Only builds of this frontend.", valueName: "dockerfile|llb|recording"))
    var frontend: String?

    @Option(help: ArgumentHelp("Only builds of this target.", valueName: "STAGE"))
    var target: String?

    @Option(name: [.short, .long], help: ArgumentHelp("Only builds with this name.", valueName: "NAME"))
    var tag: String?

    @Option(help: ArgumentHelp("Only builds since then: a time, a date, or a length such as 2h.", valueName: "WHEN"))
    var since: String?

    @Option(help: ArgumentHelp("Only builds before then.", valueName: "WHEN"))
    var until: String?

    @Option(help: ArgumentHelp("Only replays, reruns and resumptions of this build.", valueName: "ID"))
    var of: String?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("At most so many.", valueName: "N"))
    var limit: Int?

    @Flag(name: .shortAndLong, help: "Print the ids alone.")
    var quiet = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let now = console.environment.clock.now()
        var filter = BuildFilter()
        if !status.isEmpty { filter.status = Set(status.map(\.status)) }
        filter.frontend = frontend
        filter.target = target
        filter.tag = tag
        filter.since = try since.map { try Moment.parse($0, now: now, option: "--since") }
        filter.until = try until.map { try Moment.parse($0, now: now, option: "--until") }
        filter.limit = try limit.map { try Self.positive($0, option: "--limit") }
        guard let log = try store.logIfAny(for: console) else { return 0 }
        filter.of = try of.map { try log.build(matching: $0).id }
        if quiet, !form.json {
            for id in try log.buildIDs(filter) { console.print(id.description) }
            return 0
        }
        let builds = try log.builds(filter)
        if form.json {
            for build in builds { console.print(build.json) }
        } else if !builds.isEmpty {
            console.print(Self.table(builds, now: now))
        }
        return 0
    }

    /// A number of things to list.
    static func positive(_ number: Int, option: String) throws -> Int {
        guard number >= 1 else { throw UsageError("\(option) \(number): it must be 1 or more") }
        return number
    }

    private static func table(_ builds: [BuildSummary], now: Timestamp) -> TextTable {
        var table = TextTable(["ID", "STATUS", "STARTED", "TOOK", "STEPS", "WHAT"], rightAligned: [3])
        for build in builds {
            let took =
                build.status == .running ? "" : Quantity.duration(build.ended.nanoseconds - build.started.nanoseconds)
            table.add([
                build.id.description, build.status.rawValue, Age.text(of: build.started, at: now), took,
                "\(build.steps)" + (build.reused > 0 ? ", \(build.reused) cached" : ""), build.title,
            ])
        }
        return table
    }
}

extension BuildSummary {
    /// What a person knows it by: its names, else its target, else its frontend.
    var title: String {
        let what = tags.isEmpty ? target.map { "stage \($0)" } ?? frontend : tags.joined(separator: ", ")
        guard let relation, let of else { return what }
        return "\(what) (\(relation) of \(of))"
    }

    /// The object that `reel history ls --json` prints.
    var json: JSONValue {
        [
            "id": .string(id.description), "status": .string(status.rawValue), "started": JSONValue(started),
            "ended": status == .running ? .null : JSONValue(ended),
            "duration": .integer(ended.nanoseconds - started.nanoseconds), "frontend": .string(frontend),
            "target": JSONValue(target), "tags": JSONValue(tags), "options": JSONValue(options),
            "steps": JSONValue(steps),
            "reused": JSONValue(reused), "ran": JSONValue(ran), "failures": JSONValue(failures),
            "fallbacks": JSONValue(fallbacks), "image": JSONValue(image),
            "results": .object(results.mapValues { JSONValue($0) }), "error": JSONValue(error),
            "of": JSONValue(of?.description), "relation": JSONValue(relation), "firstSeq": .integer(firstSeq),
            "lastSeq": .integer(lastSeq), "recording": JSONValue(recording),
        ]
    }
}

/// A status as the command line spells it.
enum StatusChoice: String, ExpressibleByArgument, CaseIterable, Sendable {
    case running, finished, failed, cancelled

    /// The status.
    var status: BuildStatus {
        switch self {
        case .running: .running
        case .finished: .finished
        case .failed: .failed
        case .cancelled: .cancelled
        }
    }
}
