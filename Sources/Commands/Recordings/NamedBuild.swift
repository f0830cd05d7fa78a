// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEngine
import BuildModel

extension Engine {
    /// The build that an argument `ID|FILE` names; a recording that is taken in for it is told.
    func namedBuild(_ text: String, for console: Console) async throws -> BuildID {
        let (id, imported) = try await build(namedBy: text)
        if let imported { console.tell("imported \(imported.build) from \(text)") }
        return id
    }
}
