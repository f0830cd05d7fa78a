// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel

/// Everything about one build, in the order in which its events tell it.
struct BuildDetails {
    /// One step.
    struct Step {
        var vertex: ContentDigest
        var name: String
        var key: ContentDigest?
        /// `waiting`, `running`, `reused`, `finished`, `failed`.
        var status = "waiting"
        var operation: String?
        var results: [StepResult] = []
        var producer: Int64?
        var origin: String?
        var output: ContentDigest?
        var outputBytes: Int64 = 0
        var started: Timestamp?
        var nanoseconds: Int64?
        var failure: StepFailed?
    }

    /// One export.
    struct Export {
        var started: ExportStarted
        var finished: ExportFinished?
    }

    private(set) var started: BuildStarted?
    private(set) var definitions: [DefinitionLoaded] = []
    private(set) var sources: [SourceResolved] = []
    private(set) var contexts: [ContextDigested] = []
    private(set) var steps: [Step] = []
    private(set) var skipped: [StepSkipped] = []
    private(set) var exports: [Export] = []
    private(set) var fallbacks: [Fallback] = []
    private(set) var comparisons: [ReplayCompared] = []
    private(set) var secrets: [SecretUsed] = []
    private var places: [ContentDigest: Int] = [:]

    /// Folds the events of one build.
    init(_ events: [RecordedEvent]) {
        for event in events { apply(event.event, at: event.time) }
    }

    /// The steps that `name` can mean: one by its number from 1, by the start of its digest, or by a part of its name.
    func steps(matching name: String) -> [Step] {
        if let number = Int(name), name.count < 6, number >= 1 {
            return number <= steps.count ? [steps[number - 1]] : []
        }
        let hex = name.hasPrefix("sha256:") ? String(name.dropFirst("sha256:".count)) : name
        let named = steps.filter { hex.count >= 4 && $0.vertex.hex.hasPrefix(hex) }
        return named.isEmpty ? steps.filter { $0.name.contains(name) } : named
    }

    private mutating func apply(_ event: BuildEvent, at time: Timestamp) {
        switch event {
        case .buildStarted(let build): started = build
        case .definitionLoaded(let definition): definitions.append(definition)
        case .sourceResolved(let source): sources.append(source)
        case .contextDigested(let context): contexts.append(context)
        case .stepSkipped(let step): skipped.append(step)
        case .fallback(let fallback): fallbacks.append(fallback)
        case .replayCompared(let comparison): comparisons.append(comparison)
        case .secretUsed(let secret): secrets.append(secret)
        case .exportStarted(let export): exports.append(Export(started: export))
        case .exportFinished(let export):
            if let place = exports.lastIndex(where: { $0.started.exporter == export.exporter && $0.finished == nil }) {
                exports[place].finished = export
            }
        case .stepKeyed(let step):
            change(step.vertex) { item in
                item.name = step.name
                item.key = step.key
            }
        case .stepReused(let step):
            change(step.vertex) { item in
                item.status = "reused"
                item.results = step.results
                item.producer = step.producer
                item.origin = step.origin
            }
        case .stepStarted(let step):
            change(step.vertex) { item in
                item.status = "running"
                item.operation = step.operation
                item.started = time
            }
        case .stepOutput(let output):
            change(output.vertex) { item in
                item.output = output.blob
                item.outputBytes = output.bytes
            }
        case .stepFinished(let step):
            change(step.vertex) { item in
                item.status = "finished"
                item.results = step.results
                item.end(at: time, happened: step.happened)
            }
        case .stepFailed(let step):
            change(step.vertex) { item in
                item.status = "failed"
                item.failure = step
                item.end(at: time, happened: step.happened)
            }
        default: break
        }
    }

    private mutating func change(_ vertex: ContentDigest, _ edit: (inout Step) -> Void) {
        if let place = places[vertex] { return edit(&steps[place]) }
        var step = Step(vertex: vertex, name: vertex.description)
        edit(&step)
        places[vertex] = steps.count
        steps.append(step)
    }
}

extension BuildDetails.Step {
    fileprivate mutating func end(at time: Timestamp, happened: Happened) {
        nanoseconds = happened["duration"]?.integer ?? started.map { time.nanoseconds - $0.nanoseconds }
    }
}
