// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import BuildProgress

/// How it is told which variation breaks which step.
struct VariationText {
    let report: VariationReport

    /// Lines for people.
    var lines: [String] {
        var lines = ["varied: clock, \(Quantity.duration(report.later)) after the record"]
        for step in report.unstable {
            lines.append("varied: \(step) differs by itself, so variations say nothing of it")
        }
        for broken in report.breaks {
            let causes = broken.variations.map(\.rawValue).joined(separator: ", ")
            let words = broken.variations.isEmpty ? "several variations together, none alone" : causes
            lines.append("varied: \(broken.step) breaks under \(words)")
        }
        for (variation, reason) in report.left {
            lines.append("not varied: \(variation.rawValue), \(reason)")
        }
        let harmless = report.harmless.map(\.rawValue).joined(separator: ", ")
        if !harmless.isEmpty { lines.append("varied without effect: \(harmless)") }
        return lines
    }

    /// An object for each variation: `id` is its name.
    var json: [JSONValue] {
        let tried = report.tried.map { variation -> JSONValue in
            [
                "id": .string(variation.rawValue), "subject": "variation", "tried": true,
                "breaks": JSONValue(report.breaks.filter { $0.variations.contains(variation) }.map(\.step)),
            ]
        }
        let left = report.left.map { variation, reason -> JSONValue in
            ["id": .string(variation.rawValue), "subject": "variation", "tried": false, "reason": .string(reason)]
        }
        let together = report.breaks.filter(\.variations.isEmpty).map(\.step)
        let all: JSONValue = [
            "id": "together", "subject": "variation", "tried": true, "breaks": JSONValue(together),
            "unstable": JSONValue(report.unstable),
        ]
        let clock: JSONValue = [
            "id": "clock", "subject": "variation", "tried": true, "later": .integer(report.later),
            "breaks": JSONValue(report.unstable),
        ]
        return [clock] + tried + left + [all]
    }
}
