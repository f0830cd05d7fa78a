// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildProgress
import EventStorage

/// The text of `reel history inspect`.
struct InspectText {
    let summary: BuildSummary
    let details: BuildDetails
    let standing: StandingText

    /// The text, section by section.
    var lines: [String] {
        head + section("Options", options) + section("Sources", sources) + section("Steps", steps)
            + section("Skipped", details.skipped.map { "\($0.name): \($0.reason)" }) + section("Exports", exports)
            + section("Compared", comparisons) + section("Standing", standing.lines)
            + section("Otherwise than asked", details.fallbacks.map { "\($0.subject): \($0.reason)" })
    }

    private var head: [String] {
        var lines = ["Build     \(summary.id)", "Status    \(summary.status.rawValue)"]
        if let error = summary.error {
            let parts = error.split(separator: "\n").map(String.init)
            lines += parts.enumerated().map { ($0.offset == 0 ? "Error     " : "          ") + $0.element }
        }
        if !summary.tags.isEmpty { lines.append("Names     \(summary.tags.joined(separator: ", "))") }
        lines.append("Started   \(summary.started.rfc3339)")
        if summary.status != .running {
            lines.append("Took      \(Quantity.duration(summary.ended.nanoseconds - summary.started.nanoseconds))")
        }
        if let recording = summary.recording { lines.append("Imported  from recording \(recording)") }
        if let of = summary.of { lines.append("Is a      \(summary.relation ?? "repetition") of \(of)") }
        if let command = details.started?.happened["command"]?.elements {
            lines.append("Command   \(ShellWords.joined(command.compactMap(\.text)))")
        }
        if let image = summary.image { lines.append("Image     \(image)") }
        for (platform, result) in summary.results.sorted(by: { $0.key < $1.key }) {
            lines.append("Result    \(platform) \(result)")
        }
        for definition in details.definitions {
            lines.append("Graph     \(definition.platform) \(definition.definition), \(definition.vertices) vertices")
        }
        return lines
    }

    private var options: [String] {
        summary.options.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    }

    private var sources: [String] {
        details.sources.map { source in
            var line = "\(source.identifier)  \(source.pin) (\(source.how))"
            if let moved = source.movedFrom { line += ", moved from \(moved)" }
            if let context = details.contexts.last(where: { "local://" + $0.name == source.identifier }) {
                let plural = context.files == 1 ? "" : "s"
                line += ", \(Quantity.count(context.files)) file\(plural), \(Quantity.bytes(context.bytes))"
                if context.layer == nil { line += ", not stored" }
            }
            return line
        }
    }

    private var steps: [String] {
        var table = TextTable(["", "", "", "", ""], rightAligned: [0, 2])
        for (index, step) in details.steps.enumerated() {
            let time = step.nanoseconds.map { Quantity.duration($0) } ?? ""
            let size = step.results.reduce(0) { $0 + $1.size }
            let status =
                switch step.status {
                case "reused": "cached"
                case "finished": "ran"
                case let other: other
                }
            table.add(["\(index + 1)", status, time, size > 0 ? Quantity.bytes(size) : "", step.name])
            if let failure = step.failure { table.add(["", "", "", "", "  \(failure.message)"]) }
        }
        return Array(table.lines().dropFirst())
    }

    private var exports: [String] {
        details.exports.map { export in
            var line = export.started.exporter
            if let destination = export.started.happened["destination"]?.text { line += " to \(destination)" }
            guard let finished = export.finished else { return line + ", not finished" }
            for (role, digest) in finished.digests.sorted(by: { $0.key < $1.key }) { line += ", \(role) \(digest)" }
            if !finished.names.isEmpty { line += ", as \(finished.names.joined(separator: ", "))" }
            return line
        }
    }

    private var comparisons: [String] {
        let differing = details.comparisons.filter { !$0.identical }
        guard !details.comparisons.isEmpty else { return [] }
        let count = "\(details.comparisons.count - differing.count) of \(details.comparisons.count) are identical"
        return [count] + differing.map { "\($0.subject): \($0.expected) then, \($0.actual) now" }
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines.map { "  " + $0 }
    }
}
