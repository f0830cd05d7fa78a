// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import EventStorage
public import LLB
public import Layers
import OCIModel

/// A build as the log has it: all that executing it again needs, and what it gave.
public struct BuildRecord: Sendable {
    /// The build.
    public let id: BuildID
    /// Its first event.
    public let start: BuildStarted
    /// The graphs, one for each platform.
    public let definitions: [DefinitionLoaded]
    /// The pins, by the source vertex that each was resolved for.
    public let pins: [ContentDigest: SourceResolved]
    /// The pins that the frontend asked for, by source string, before there was a graph.
    public let namedPins: [String: SourceResolved]
    /// What each step gave, whether it ran or was reused.
    public let results: [ContentDigest: [StepResult]]
    /// The keys of the steps.
    public let keys: [ContentDigest: StepKeyed]
    /// The keyed steps in the order of their events, by which `reel history inspect` numbers them.
    public let keyed: [StepKeyed]
    /// The vertices whose steps used an earlier result.
    public let reused: Set<ContentDigest>
    /// The vertices whose steps failed.
    public let failures: Set<ContentDigest>
    /// The exports, in order.
    public let exports: [(started: ExportStarted, finished: ExportFinished)]
    /// The last event, if the build ended.
    public let end: BuildEvent?
    /// Whether every graph is there.
    let hasGraph: Bool
    let targets: [BuildTarget]
    /// The commit time that the build took its times from, if it did so.
    let epochOfContext: Int64?

    /// Reads a build's events and its graphs.
    ///
    /// - Parameter allowingPart: Whether a record that ends before all its graphs is read as far as it goes.
    /// - Throws: `BuildRecordError` when the record lacks something, `BlobError` when a graph is not stored.
    public init(_ id: BuildID, log: EventLog, blobs: BlobStore, allowingPart: Bool = false) throws {
        var start: BuildStarted?
        var namedPins: [String: SourceResolved] = [:]
        var definitions: [DefinitionLoaded] = []
        var pins: [ContentDigest: SourceResolved] = [:]
        var results: [ContentDigest: [StepResult]] = [:]
        var keys: [ContentDigest: StepKeyed] = [:]
        var keyed: [StepKeyed] = []
        var reused: Set<ContentDigest> = []
        var failures: Set<ContentDigest> = []
        var exporting: ExportStarted?
        var exports: [(ExportStarted, ExportFinished)] = []
        var end: BuildEvent?
        var epochOfContext: Int64?
        for recorded in try log.events(of: id) {
            switch recorded.event {
            case .buildStarted(let event): start = event
            case .definitionLoaded(let event): definitions.append(event)
            case .sourceResolved(let event):
                if let epoch = event.details["epoch"] { epochOfContext = Int64(epoch) }
                if let text = event.details["vertex"], let vertex = try? ContentDigest(parsing: text) {
                    pins[vertex] = event
                } else {
                    namedPins[event.identifier] = event
                }
            case .stepKeyed(let event):
                if keys.updateValue(event, forKey: event.vertex) == nil { keyed.append(event) }
            case .stepReused(let event):
                results[event.vertex] = event.results
                reused.insert(event.vertex)
            case .stepFinished(let event): results[event.vertex] = event.results
            case .stepFailed(let event): failures.insert(event.vertex)
            case .exportStarted(let event): exporting = event
            case .exportFinished(let event):
                if let exporting { exports.append((exporting, event)) }
            case .buildFinished, .buildFailed, .buildCancelled: end = recorded.event
            default: break
            }
        }
        guard let start else { throw BuildRecordError.incomplete(id, "its first event is missing") }
        let platforms = start.options["platform"]?.split(separator: ",").count ?? 1
        hasGraph = definitions.count >= max(1, platforms)
        guard hasGraph || allowingPart else { throw BuildRecordError.incomplete(id, "it ended before it had a graph") }
        self.id = id
        self.namedPins = namedPins
        self.start = start
        self.definitions = definitions
        self.pins = pins
        self.results = results
        self.keys = keys
        self.keyed = keyed
        self.reused = reused
        self.failures = failures
        self.exports = exports
        self.end = end
        self.epochOfContext = epochOfContext
        targets = try definitions.map { try Self.target($0, blobs: blobs) }
    }

    /// The vertices of all graphs, each once, inputs before what reads them.
    public var vertices: [Vertex] {
        var seen: Set<ContentDigest> = []
        return targets.flatMap { $0.definition?.vertices ?? [] }.filter { seen.insert($0.digest).inserted }
    }

    /// The graphs, one for each platform; `nil` where the result is `scratch`.
    public var graphs: [(platform: Platform, definition: Definition?)] { targets.map { ($0.platform, $0.definition) } }

    /// Every vertex that is a step, keyed or not, once each, in the order of the graph.
    public var steps: [Vertex] {
        vertices.filter { vertex in
            if case .source = vertex.operation { return false }
            return true
        }
    }

    /// The keyed steps, in the order of the graph.
    public var orderedSteps: [StepKeyed] { vertices.compactMap { keys[$0.digest] } }

    /// The vertex with this digest.
    public func vertex(_ digest: ContentDigest) -> Vertex? {
        targets.lazy.compactMap { $0.definition?[digest] }.first
    }

    /// The pin of the source that is the same one as `other`'s: the same string, apart from digests in it.
    public func pin(like other: SourceResolved) -> SourceResolved? {
        func plain(_ text: String) -> Substring { text.split(separator: "@", maxSplits: 1).first ?? "" }
        return pins.values.filter { plain($0.identifier) == plain(other.identifier) }.min { $0.pin < $1.pin }
    }

    private static func target(_ event: DefinitionLoaded, blobs: BlobStore) throws -> BuildTarget {
        let bytes = try blobs.read(event.definition)
        return BuildTarget(
            platform: try Platform(parsing: event.platform, host: .compiled),
            definition: bytes.isEmpty ? nil : try Definition(decoding: bytes, allowingEmpty: true),
            config: try event.config.map { try ImageConfig(json: JSONValue(parsing: blobs.read($0))) }
        )
    }
}

/// A record that can't be executed again.
public enum BuildRecordError: Fault, Equatable {
    /// The record lacks something.
    case incomplete(BuildID, String)
    /// A source has no pin in the record.
    case unpinned(BuildID, identifier: String)
    /// A context that was not stored has changed since.
    case changed(BuildID, identifier: String)
    /// There is no Dockerfile in which another stage could be chosen.
    case noStages(BuildID)

    /// `.usage` for a stage of a build without stages, else `.missing`.
    public var kind: FaultKind { if case .noStages = self { .usage } else { .missing } }

    /// One sentence.
    public var description: String {
        switch self {
        case .incomplete(let id, let what): "build \(id) can't be executed again: \(what)"
        case .unpinned(let id, let identifier):
            "build \(id) has no pin for \(identifier); it ended before it was resolved"
        case .changed(let id, let identifier):
            "\(identifier) is not what build \(id) read, which kept no copy of it; build it anew"
        case .noStages(let id): "build \(id) has no Dockerfile, so it has no stage to choose; leave out --target"
        }
    }
}
