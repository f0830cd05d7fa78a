// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress

/// What `reel replay` prints.
struct ReplayText {
    let report: ReplayReport
    let divergence: DivergenceReport
    let standing: BuildStanding
    let kept: [KeptTrees]
    let variation: VariationReport?
    let isQuiet: Bool

    /// How many paths of a step are told to a person.
    private static let mostPaths = 10

    /// Prints, for people: each step with a mark, what differs and why, and the verdict.
    func print(on console: Console) {
        if !isQuiet { printSteps(on: console) }
        for (index, item) in divergence.divergences.enumerated() {
            console.print("")
            console.print("\(index == 0 ? "First divergence" : "Also differs"): \(item.name)")
            for line in lines(of: item) { console.print("  " + line) }
        }
        let carried = report.comparisons.count { $0.isCarried }
        if !divergence.divergences.isEmpty { console.print("") }
        if carried > 0 {
            console.print("\(carried) more comparison\(carried == 1 ? " differs" : "s differ") only because of that")
        }
        for trees in kept { console.print("compare the trees: \(trees.command)") }
        if let variation { for line in VariationText(report: variation).lines { console.print(line) } }
        let count = report.comparisons.count
        let equal = report.comparisons.count { $0.event.identical }
        let verdict = report.isIdentical ? "identical" : "differs"
        console.print("\(report.original) \(verdict): \(equal) of \(count) comparisons agree (replay \(report.replay))")
        if !isQuiet { for line in StandingText(standing: standing).lines { console.print(line) } }
    }

    /// One line for each thing that was compared, with a mark.
    private func printSteps(on console: Console) {
        var names: [String] = []
        var verdicts: [String: Bool] = [:]
        for comparison in report.comparisons {
            if verdicts[comparison.name] == nil { names.append(comparison.name) }
            let isGood = comparison.event.identical || comparison.isCarried
            verdicts[comparison.name] = (verdicts[comparison.name] ?? true) && isGood
        }
        let marks = console.style.inUnicode ? ("✔", "✘") : ("=", "x")
        for name in names { console.print("\(verdicts[name] == true ? marks.0 : marks.1) \(name)") }
    }

    private func lines(of item: DivergenceReport.Divergence) -> [String] {
        guard item.subject == "diffID" else {
            var lines = ["\(item.subject) then: \(item.expected)", "\(item.subject) now:  \(item.actual)"]
            if let vertex = item.vertex, report.needsNetwork.contains(vertex) {
                lines.append("it had a network then, and none now")
            }
            return lines
        }
        var lines = ["layer \(item.expected) then", "layer \(item.actual) now"]
        if let obstacle = item.obstacle { lines.append(obstacle) }
        for path in item.paths.prefix(Self.mostPaths) {
            lines.append(path.path.isEmpty ? "/" : path.path)
            lines += path.fields.flatMap(Self.lines(of:)).map { "  " + $0 }
        }
        let rest = item.count - min(item.paths.count, Self.mostPaths)
        if rest > 0 { lines.append("and \(rest) more path\(rest == 1 ? "" : "s")") }
        let suspects = item.suspicions.map { "\($0.suspicion.suspect.rawValue) (\($0.path): \($0.suspicion.evidence))" }
        return lines + suspects.enumerated().map { ($0.offset == 0 ? "suspect: " : "         ") + $0.element }
    }

    private static func lines(of field: FieldDifference) -> [String] {
        switch field.field {
        case .missing: return ["missing: \(field.then)"]
        case .extra: return ["extra: \(field.now)"]
        default:
            let place = field.offset.map { " at byte \($0)" } ?? ""
            let values = field.then.isEmpty && field.now.isEmpty ? "differs" : "\(field.then) became \(field.now)"
            return ["\(field.field.rawValue)\(place): \(values)"] + field.diff.map { "  " + $0 }
        }
    }

    // MARK: JSON

    /// Prints every comparison, then the summary, which has the id `replay`.
    func printJSON(on console: Console) {
        for comparison in report.comparisons {
            var members = comparison.event.json.members ?? [:]
            members["name"] = .string(comparison.name)
            members["replay"] = .string(report.replay.description)
            members["carried"] = .boolean(comparison.isCarried)
            let item = divergence.divergences.first {
                $0.vertex == comparison.event.vertex && $0.subject == comparison.event.subject
                    && $0.name == comparison.name && !comparison.event.identical
            }
            if let item { members.merge(Self.members(of: item)) { _, added in added } }
            console.print(.object(members))
        }
        if let variation { for line in VariationText(report: variation).json { console.print(line) } }
        console.print(summary)
    }

    private var summary: JSONValue {
        [
            "id": "replay", "subject": "summary", "original": .string(report.original.description),
            "replay": .string(report.replay.description), "identical": .boolean(report.isIdentical),
            "comparisons": JSONValue(report.comparisons.count),
            "agreed": JSONValue(report.comparisons.count { $0.event.identical }),
            "firstDivergence": JSONValue(report.firstDivergence?.name),
            "needsNetwork": JSONValue(report.needsNetwork),
            "kept": .array(kept.map { ["name": .string($0.name), "folder": .string($0.folder)] }),
            "standing": StandingText(standing: standing).json,
        ]
    }

    private static func members(of item: DivergenceReport.Divergence) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "paths": .array(
                item.paths.map { path in
                    ["path": .string(path.path), "fields": .array(path.fields.map(json))]
                }
            ),
            "pathCount": JSONValue(item.count),
            "suspects": .array(
                item.suspicions.map { found in
                    [
                        "suspect": .string(found.suspicion.suspect.rawValue),
                        "evidence": .string(found.suspicion.evidence), "path": .string(found.path),
                    ]
                }
            ),
        ]
        if let obstacle = item.obstacle { members["obstacle"] = .string(obstacle) }
        return members
    }

    private static func json(_ field: FieldDifference) -> JSONValue {
        [
            "field": .string(field.field.rawValue), "then": .string(field.then), "now": .string(field.now),
            "offset": field.offset.map(JSONValue.integer) ?? .null, "diff": JSONValue(field.diff),
            "suspects": JSONValue(field.suspicions.map(\.suspect.rawValue)),
        ]
    }
}
