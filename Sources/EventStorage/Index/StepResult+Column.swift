// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

extension StepResult {
    /// The results of a step as their column has them: those of a `step.finished` body.
    static func canonicalBytes(of results: [StepResult]) -> [UInt8] {
        JSONValue.array(results.map(\.json)).canonicalBytes
    }

    /// Reads the column.
    static func results(from bytes: [UInt8]) throws -> [StepResult] {
        try JSONValue(parsing: bytes).elements?.map { try StepResult(json: $0) } ?? []
    }
}
