// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import Layers

/// How a new build follows a recorded one.
public enum Repetition: String, Sendable {
    /// Again, as a new build.
    case rerun
    /// On, from where it ended.
    case resume
}

extension Engine {
    /// Builds a recorded build again as a new one: its graphs, its choices and its pins, without its directory.
    ///
    /// Steps whose keys have results are reused, so resuming is the same as running again: what finished is not done
    /// twice, and what was pinned stays pinned.
    ///
    /// - Parameters:
    ///   - outputs: What to make of the result; `nil` for nothing but the record (and the names of the original).
    ///   - secrets: Secrets are in no record, so steps that need them must be given them again.
    /// - Throws: `BuildRecordError` when the build ended before all its sources were pinned; `BuildFailure`.
    public func repeatBuild(
        _ id: BuildID,
        as repetition: Repetition,
        outputs: [OutputSpecification] = [],
        secrets: [String: SecretSource] = [:],
        observer: any BuildObserver
    ) async throws -> BuildOutcome {
        let recorded = try BuildRecord(id, log: log, blobs: layers.blobs)
        var request = recorded.request(relation: repetition.rawValue)
        request.outputs = outputs
        request.secrets = secrets
        return try await run(request, recorded: recorded, layers: layers, observer: observer).run()
    }
}
