// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import EventStorage
import Layers

/// How a new build follows a recorded one.
public enum Repetition: String, Sendable {
    /// Again, as a new build.
    case rerun
    /// On, from where it ended.
    case resume
}

/// What a person gives anew for a build that follows a recorded one.
public struct RepetitionChoices: Sendable {
    /// What to make of the result; nothing but the record, and the names of the original, when empty.
    public var outputs: [OutputSpecification] = []
    /// Secrets by id, since records hold none.
    public var secrets: [String: SecretSource] = [:]
    /// Sockets of SSH agents by id.
    public var agents: [String: String] = [:]
    /// Entitlements; a record grants none.
    public var allowed: Set<String> = []
    /// Another stage to build; the record's own when `nil`.
    public var target: String?
    /// Whether sources are resolved anew.
    public var updatesSources = false

    /// Makes one that gives nothing.
    public init() {}
}

extension Engine {
    /// Builds a recorded build again as a new one: its graphs, its choices and its pins, without its directory.
    ///
    /// Steps whose keys have results are reused, so resuming is the same as running again: what finished is not done
    /// twice, and what was pinned stays pinned. A build that ended before it had a graph, or all its pins, is resumed by
    /// asking the frontend again and pinning the rest.
    ///
    /// With `choices.target` another stage of the recorded Dockerfile is built, with the recorded pins; what the record has
    /// no pin for is pinned now. With `choices.updatesSources` nothing stays pinned: names, and contexts where they were, are looked at anew, and
    /// the frontend reads the recorded Dockerfile again.
    ///
    /// - Throws: `BuildRecordError` when the record does not tell what to build; `BuildFailure`.
    public func repeatBuild(
        _ id: BuildID,
        as repetition: Repetition,
        choices: RepetitionChoices = RepetitionChoices(),
        observer: any BuildObserver
    ) async throws -> BuildOutcome {
        let recorded = try BuildRecord(id, log: log, blobs: layers.blobs, allowingPart: repetition == .resume)
        if !recorded.hasGraph, recorded.start.frontend == "recording", let original = recorded.start.of {
            // It followed another build and ended before it took over that one's graph.
            return try await repeatBuild(original, as: repetition, choices: choices, observer: observer)
        }
        var request: BuildRequest
        if choices.updatesSources || choices.target != nil || !recorded.hasGraph {
            request = try recorded.frontendRequest(relation: repetition.rawValue, blobs: layers.blobs)
        } else {
            request = recorded.request(relation: repetition.rawValue)
        }
        if let target = choices.target {
            guard recorded.start.options["filename"] != nil else {
                throw BuildRecordError.noStages(id)
            }
            request.target = target
            request.optionsOfRecord?["target"] = target
        }
        request.pinning = choices.updatesSources ? .live : repetition == .resume ? .recordFirst : .record
        request.outputs = choices.outputs
        request.secrets = choices.secrets
        request.agents = choices.agents
        request.allowed = choices.allowed
        return try await run(request, recorded: recorded, layers: layers, observer: observer).run()
    }

    /// The sources that the newest build which follows `id` resolved otherwise, in the order of their strings.
    ///
    /// - Throws: `EventLogError`, `BlobError`.
    public func movedPins(since id: BuildID) throws -> [PinMove] {
        var filter = BuildFilter()
        filter.of = id
        filter.limit = 1
        guard let newest = try log.builds(filter).first else { return [] }
        let before = try BuildRecord(id, log: log, blobs: layers.blobs, allowingPart: true)
        return before.moves(to: try BuildRecord(newest.id, log: log, blobs: layers.blobs, allowingPart: true))
    }
}

/// A source that is another one now.
public struct PinMove: Equatable, Sendable {
    /// The source string, without a digest.
    public var identifier: String
    /// The pin of the record.
    public var before: String
    /// The pin of the new build.
    public var after: String
}

extension BuildRecord {
    /// The sources of both records whose pins differ.
    func moves(to other: BuildRecord) -> [PinMove] {
        let (old, new) = (pinsByName, other.pinsByName)
        return old.keys.sorted().compactMap { name in
            guard let before = old[name], let after = new[name], before != after else { return nil }
            return PinMove(identifier: name, before: before, after: after)
        }
    }

    /// The pins by the strings that a person wrote; a graph's own names have the digest in them.
    private var pinsByName: [String: String] {
        var named = namedPins.mapValues(\.pin)
        for pin in pins.values.sorted(by: { $0.pin < $1.pin }) where !pin.identifier.contains("@sha256:") {
            named[pin.identifier] = pin.pin
        }
        return named
    }
}
