// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// Names of steps, such as `[stage 2/5] RUN make`.
enum StepName {
    /// What stands in the brackets, without the numbers, which change whenever a step is added; and the rest.
    static func parts(_ name: String) -> (stage: String, body: String) {
        guard name.hasPrefix("["), let end = name.firstIndex(of: "]") else { return ("", name) }
        let words = name[..<end].dropFirst().split(separator: " ").filter { word in
            !word.allSatisfy { $0.isNumber || $0 == "/" }
        }
        return (words.joined(separator: " "), String(name[end...].dropFirst().drop { $0 == " " }))
    }

    /// The steps that a person can mean: one by its number from 1, by the start of its digest, or by a part of its name.
    static func steps(_ steps: [StepKeyed], matching name: String) -> [StepKeyed] {
        if let exact = steps.first(where: { $0.name == name }) { return [exact] }
        if let number = Int(name), name.count < 6, number >= 1 {
            return steps.indices.contains(number - 1) ? [steps[number - 1]] : []
        }
        let hex = name.hasPrefix("sha256:") ? String(name.dropFirst("sha256:".count)) : name
        let named = steps.filter { hex.count >= 4 && $0.vertex.hex.hasPrefix(hex) }
        return named.isEmpty ? steps.filter { $0.name.contains(name) } : named
    }
}
