// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildProgress

/// The step that took longest, where that is worth a word.
struct SlowestStep {
    /// What a person calls it.
    let name: String
    /// The start of its vertex's digest, by which `reel history logs` finds it.
    let handle: String
    /// How long it took.
    let nanoseconds: Int64

    /// Finds it; `nil` when fewer than two steps ran, or none took a second.
    static func find(in state: ProgressState) -> SlowestStep? {
        var slowest: SlowestStep?
        for item in state.items {
            guard case .step(let vertex) = item.id, case .finished(let nanoseconds) = item.status,
                nanoseconds >= 1_000_000_000, nanoseconds > slowest?.nanoseconds ?? 0
            else { continue }
            slowest = SlowestStep(name: item.name.whole, handle: vertex.handle, nanoseconds: nanoseconds)
        }
        return state.counts.ran > 1 ? slowest : nil
    }
}

extension ContentDigest {
    /// The first twelve digits, enough for a person to name a vertex of a build.
    var handle: String { String(hex.prefix(12)) }
}
