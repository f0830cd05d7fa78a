// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEngine
import BuildModel
import SystemPackage

/// Both trees of a layer that differs, kept in a folder for other tools.
struct KeptTrees {
    /// The step.
    let name: String
    /// The folder, relative to the working directory; `then` and `now` are in it.
    let folder: String

    /// The command that compares them.
    var command: String { "diffoscope \(folder)/then \(folder)/now" }

    /// Keeps the trees of every divergence that has layers.
    static func keep(_ divergence: DivergenceReport, of report: ReplayReport, engine: Engine) async throws
        -> [KeptTrees]
    {
        var kept: [KeptTrees] = []
        for (index, item) in divergence.divergences.enumerated() {
            guard let layers = item.layers else { continue }
            let trees = KeptTrees(name: item.name, folder: "reel-replay-\(report.replay)/\(index + 1)")
            try await engine.keepTrees(then: layers.then, now: layers.now, of: report, in: FilePath(trees.folder))
            kept.append(trees)
        }
        return kept
    }
}
