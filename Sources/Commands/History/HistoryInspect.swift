// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress
import EventStorage
import LLB
import Layers

/// Shows everything about one build.
struct HistoryInspect: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the sources, steps and results of a build."
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build = "latest"

    @Option(
        help: ArgumentHelp(
            "Draw when each part ran, with the critical path, into a file: SVG, or HTML where it ends in .html.",
            valueName: "FILE"
        ),
        completion: .file()
    )
    var timeline: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let summary = try log.build(matching: build)
        let events = try log.events(of: summary.id)
        if let timeline { return try draw(events, of: summary, in: log, to: console.environment.absolute(timeline)) }
        let details = BuildDetails(events)
        let standing = StandingText(standing: try BuildStanding(of: summary.id, in: log))
        if form.json {
            var members = (summary.json.members ?? [:]).merging(details.json) { _, added in added }
            members["standing"] = standing.json
            console.print(.object(members))
        } else {
            for line in InspectText(summary: summary, details: details, standing: standing).lines {
                console.print(line)
            }
        }
        return 0
    }

    private func draw(
        _ events: [RecordedEvent],
        of summary: BuildSummary,
        in log: EventLog,
        to path: String
    ) throws -> Int32 {
        let record = try BuildRecord(summary.id, log: log, blobs: try BlobStore(root: log.root))
        let vertices = record.graphs.flatMap { $0.definition?.vertices ?? [] }
        let inputs = Dictionary(vertices.map { ($0.digest, $0.inputs.map(\.digest)) }) { first, _ in first }
        let title = "\(summary.title) · \(summary.id) · \(summary.status.rawValue) · \(summary.started.rfc3339)"
        let drawing = TimelineDrawing(Timeline(events, inputs: inputs), title: title)
        let isPage = path.hasSuffix(".html") || path.hasSuffix(".htm")
        try InputFile.write(Array((isPage ? drawing.html : drawing.svg).utf8), to: path)
        return 0
    }
}
