// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel

/// How it is told what the log shows about a build.
struct StandingText {
    let standing: BuildStanding

    /// Two or three lines.
    var lines: [String] {
        var lines = [
            "reproducible: \(Self.words(standing.reproducible))", "hermetic: \(Self.words(standing.hermetic))",
        ]
        if !standing.agreedUnder.isEmpty {
            lines.append("agreed under variations: \(standing.agreedUnder.joined(separator: ", "))")
        }
        return lines
    }

    private static func words(_ finding: BuildStanding.Finding) -> String {
        let answer = finding.holds.map { $0 ? "yes" : "no" } ?? "not known"
        return "\(answer), \(finding.reason)"
    }

    /// The same as an object.
    var json: JSONValue {
        [
            "reproducible": Self.json(standing.reproducible), "hermetic": Self.json(standing.hermetic),
            "agreedUnder": JSONValue(standing.agreedUnder),
        ]
    }

    private static func json(_ finding: BuildStanding.Finding) -> JSONValue {
        ["holds": finding.holds.map(JSONValue.boolean) ?? .null, "reason": .string(finding.reason)]
    }
}
