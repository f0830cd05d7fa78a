// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress

/// What `reel replay` prints.
struct ReplayText {
    let report: ReplayReport
    let isQuiet: Bool
    let isJSON: Bool

    /// Prints every comparison as JSON, or for people: what differs, and how much agreed.
    func print(on console: Console) {
        if isJSON {
            for comparison in report.comparisons {
                var members = comparison.event.json.members ?? [:]
                members["name"] = .string(comparison.name)
                members["replay"] = .string(report.replay.description)
                console.print(.object(members))
            }
            return
        }
        if !isQuiet { printSteps(on: console) }
        for comparison in report.comparisons where !comparison.event.identical {
            console.print("\(comparison.name): \(comparison.event.subject) differs")
            console.print("  then  \(comparison.event.expected)")
            console.print("  now   \(comparison.event.actual)")
        }
        let count = report.comparisons.count
        let equal = report.comparisons.count { $0.event.identical }
        let verdict = report.isIdentical ? "identical" : "differs"
        console.print("\(report.original) \(verdict): \(equal) of \(count) comparisons agree (replay \(report.replay))")
    }

    /// One line for each thing that was compared, with a mark.
    private func printSteps(on console: Console) {
        var names: [String] = []
        var verdicts: [String: Bool] = [:]
        for comparison in report.comparisons {
            if verdicts[comparison.name] == nil { names.append(comparison.name) }
            verdicts[comparison.name] = (verdicts[comparison.name] ?? true) && comparison.event.identical
        }
        let marks = console.style.inUnicode ? ("✔", "✘") : ("=", "x")
        for name in names { console.print("\(verdicts[name] == true ? marks.0 : marks.1) \(name)") }
    }
}
