// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// What a build has come to: the fold of its events, the same whether they come live or from the log.
public struct BuildState: Equatable, Sendable {
    /// How far the build is.
    public enum Outcome: Equatable, Sendable {
        /// It has not ended.
        case running
        /// It ended well.
        case finished(BuildFinished)
        /// It failed.
        case failed(BuildFailed)
        /// A person stopped it.
        case cancelled(BuildCancelled)
    }

    /// The request; `nil` before the first event.
    public private(set) var request: BuildStarted?
    /// The graphs, one for each platform.
    public private(set) var definitions: [DefinitionLoaded] = []
    /// The source strings that are being resolved.
    public private(set) var resolving: [String] = []
    /// The sources and their pins.
    public private(set) var sources: [SourceResolved] = []
    /// The contexts that were read.
    public private(set) var contexts: [ContextDigested] = []
    /// What was left out of contexts.
    public private(set) var leftOut: [ContextSkipped] = []
    /// The steps, in the order in which they were first heard of.
    public private(set) var steps: [StepState] = []
    /// Stages and steps that are not needed or not possible.
    public private(set) var skipped: [StepSkipped] = []
    /// The exports.
    public private(set) var exports: [ExportState] = []
    /// The images that were stored.
    public private(set) var images: [ImageStored] = []
    /// The comparisons of a replay.
    public private(set) var comparisons: [ReplayCompared] = []
    /// What was done another way than asked.
    public private(set) var fallbacks: [Fallback] = []
    /// Missing and corrupt blobs that were met.
    public private(set) var blobFaults: [BlobFault] = []
    /// How it ended.
    public private(set) var outcome: Outcome = .running
    /// The time of the first event.
    public private(set) var started: Timestamp?
    /// The time of the latest event.
    public private(set) var latest: Timestamp?

    private var places: [ContentDigest: Int] = [:]

    /// The state before the first event.
    public init() {}

    /// The state after all of `events`, which must be of one build and in order.
    public init(folding events: some Sequence<RecordedEvent>) {
        for event in events { apply(event.event, at: event.time) }
    }

    /// The step of a vertex.
    public func step(of vertex: ContentDigest) -> StepState? { places[vertex].map { steps[$0] } }

    /// Takes in the next event.
    public mutating func apply(_ event: BuildEvent, at time: Timestamp) {
        if started == nil { started = time }
        latest = time
        switch event {
        case .buildStarted(let payload): request = payload
        case .definitionLoaded(let payload): definitions.append(payload)
        case .sourceResolving(let payload): resolving.append(payload.identifier)
        case .sourceResolved(let payload):
            resolving.removeAll { $0 == payload.identifier }
            sources.append(payload)
        case .contextDigested(let payload): contexts.append(payload)
        case .contextSkipped(let payload): leftOut.append(payload)
        case .exportStarted(let payload): exports.append(ExportState(started: payload))
        case .exportFinished(let payload): finishExport(payload)
        case .imageStored(let payload): images.append(payload)
        case .replayCompared(let payload): comparisons.append(payload)
        case .fallback(let payload): fallbacks.append(payload)
        case .blobMissing(let payload), .blobCorrupt(let payload): blobFaults.append(payload)
        case .stepSkipped(let payload): skip(payload, at: time)
        case .buildFinished(let payload): outcome = .finished(payload)
        case .buildFailed(let payload): outcome = .failed(payload)
        case .buildCancelled(let payload): outcome = .cancelled(payload)
        default: applyToStep(event, at: time)
        }
    }

    private mutating func applyToStep(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .stepKeyed(let payload):
            update(payload.vertex) { step in
                step.name = payload.name
                step.key = payload.key
                step.preimage = payload.preimage
            }
        case .stepReused(let payload):
            update(payload.vertex) { step in
                step.phase = .reused
                step.key = payload.key
                step.origin = payload.origin
                step.results = payload.results
                step.ended = time
            }
        case .stepStarted(let payload):
            update(payload.vertex) { step in
                step.phase = .running
                step.key = payload.key
                step.execution = payload
                step.started = time
            }
        case .stepOutput(let payload): update(payload.vertex) { $0.output = payload }
        case .secretUsed(let payload): update(payload.vertex) { $0.secrets.append(payload.id) }
        case .stepFinished(let payload):
            update(payload.vertex) { step in
                step.phase = .finished
                step.key = payload.key
                step.results = payload.results
                step.ended = time
            }
        case .stepFailed(let payload):
            update(payload.vertex) { step in
                step.phase = .failed
                step.failure = payload
                step.ended = time
            }
        default: break
        }
    }

    private mutating func skip(_ payload: StepSkipped, at time: Timestamp) {
        skipped.append(payload)
        guard let vertex = payload.vertex else { return }
        update(vertex) { step in
            step.phase = .skipped
            step.name = payload.name
            step.ended = time
        }
    }

    private mutating func finishExport(_ payload: ExportFinished) {
        if let place = exports.firstIndex(where: { $0.finished == nil && $0.started?.exporter == payload.exporter }) {
            exports[place].finished = payload
        } else {
            exports.append(ExportState(finished: payload))
        }
    }

    private mutating func update(_ vertex: ContentDigest, _ change: (inout StepState) -> Void) {
        let place: Int
        if let known = places[vertex] {
            place = known
        } else {
            place = steps.count
            places[vertex] = place
            steps.append(StepState(vertex: vertex))
        }
        change(&steps[place])
    }
}

/// What a step has come to.
public struct StepState: Equatable, Sendable {
    /// How far a step is.
    public enum Phase: String, Sendable {
        /// Its key is known.
        case keyed
        /// It runs.
        case running
        /// It took an earlier result.
        case reused
        /// It gave its results.
        case finished
        /// It gave none.
        case failed
        /// It was not needed or not possible.
        case skipped
    }

    /// The vertex.
    public var vertex: ContentDigest
    /// What a person calls it; empty before its key is known.
    public var name = ""
    /// How far it is.
    public var phase = Phase.keyed
    /// Its key.
    public var key: ContentDigest?
    /// The blob of the key's preimage.
    public var preimage: ContentDigest?
    /// How it was started.
    public var execution: StepStarted?
    /// Where its results came from, when they were reused.
    public var origin: String?
    /// Its results, by output index.
    public var results: [StepResult] = []
    /// What it printed.
    public var output: StepOutput?
    /// The ids of the secrets that it was given.
    public var secrets: [String] = []
    /// Why it gave no result.
    public var failure: StepFailed?
    /// When it began to run.
    public var started: Timestamp?
    /// When it ended.
    public var ended: Timestamp?

    /// The state of a step of which nothing is known yet.
    public init(vertex: ContentDigest) { self.vertex = vertex }
}

/// What an export has come to.
public struct ExportState: Equatable, Sendable {
    /// The intent.
    public var started: ExportStarted?
    /// The end; `nil` while it goes on, or when it never came.
    public var finished: ExportFinished?

    /// Makes a state.
    public init(started: ExportStarted? = nil, finished: ExportFinished? = nil) {
        self.started = started
        self.finished = finished
    }
}
