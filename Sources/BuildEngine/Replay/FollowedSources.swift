// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import LLB

/// Sources of a build that follows a recorded one: pins hold, or are found anew, as the request says.
struct FollowedSources: PinResolving {
    let recorded: BuildRecord
    let pinning: BuildRequest.Pinning
    let run: BuildRun
    let live: LiveSources

    private var record: RecordedSources { RecordedSources(run: run, recorded: recorded, plan: run.plan) }

    func resolve(_ source: SourceOperation, vertex: Vertex) async throws -> ResolvedSource {
        switch pinning {
        case .record:
            // An image that only another target needs; the frontend has put its digest into the graph.
            if run.request.asksFrontend, source.scheme != "local", recorded.pins[vertex.digest] == nil {
                return try await live.resolve(source, vertex: vertex)
            }
            return try await record.resolve(source, vertex: vertex)
        case .recordFirst: return try await held(source, vertex)
        case .live: return try await anew(source, vertex)
        }
    }

    /// The recorded pin, where the record came that far.
    ///
    /// A context of which no copy was kept is read again, and must be what it was.
    private func held(_ source: SourceOperation, _ vertex: Vertex) async throws -> ResolvedSource {
        guard let pin = recorded.pins[vertex.digest] else { return try await live.resolve(source, vertex: vertex) }
        guard pin.type == "local", !run.request.storesContext else {
            return try await record.resolve(source, vertex: vertex)
        }
        let read = try await live.resolve(source, vertex: vertex)
        guard read.event.pin == pin.pin else {
            throw BuildRecordError.changed(recorded.id, identifier: source.identifier)
        }
        return read
    }

    /// What the source is now; a context whose directory is gone, or of which the record does not say where it was, is
    /// what it was then.
    private func anew(_ source: SourceOperation, _ vertex: Vertex) async throws -> ResolvedSource {
        guard source.scheme == "local" else { return try await live.resolve(source, vertex: vertex) }
        let folder = run.request.contexts[source.locator]
        if let folder, ContextFiles.exists(folder) { return try await live.resolve(source, vertex: vertex) }
        let same = recorded.pins[vertex.digest] ?? recorded.pins.values.first { $0.identifier == source.identifier }
        guard same != nil else { throw BuildRecordError.unpinned(recorded.id, identifier: source.identifier) }
        let reason = "\(folder ?? "its directory") is not there, so it is taken from the record"
        run.log.append(.fallback(Fallback(subject: source.identifier, reason: reason)), build: run.id)
        return try await record.resolve(source, vertex: vertex)
    }
}
