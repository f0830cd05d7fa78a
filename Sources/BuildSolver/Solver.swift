// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
import DequeModule
public import LLB
public import OCIModel

/// What decides how a graph is solved, beside the graph.
public struct SolverOptions: Sendable {
    /// How many steps run at once, 1 or more.
    public var maxParallelism: Int
    /// Whether no earlier result may be used.
    public var ignoreCache: Bool
    /// Vertices of which no earlier result may be used.
    public var ignoreCacheVertices: Set<ContentDigest>
    /// The vertices that run, while all others take the result that the port knows; `nil` to reuse what can be reused.
    public var runsOnly: Set<ContentDigest>?
    /// Whether a step that would have to run ends the build (`--expect-cached`).
    public var expectCached: Bool

    /// Makes the options.
    public init(
        maxParallelism: Int,
        ignoreCache: Bool = false,
        ignoreCacheVertices: Set<ContentDigest> = [],
        runsOnly: Set<ContentDigest>? = nil,
        expectCached: Bool = false
    ) {
        self.maxParallelism = max(1, maxParallelism)
        self.ignoreCache = ignoreCache
        self.ignoreCacheVertices = ignoreCacheVertices
        self.runsOnly = runsOnly
        self.expectCached = expectCached
    }
}

/// Why a graph was not solved.
public enum SolveError: Fault, Equatable {
    /// A step failed; the log has the rest.
    case stepFailed(name: String, StepFailed)
    /// A step would have had to run although only cached results were expected.
    case notCached(vertex: ContentDigest, name: String)
    /// The person stopped it.
    case cancelled
    /// The graph waits for itself; decoding refuses such graphs, so this is a broken one made in memory.
    case cycle

    /// What kind of trouble it is.
    public var kind: FaultKind {
        switch self {
        case .stepFailed, .cycle: .failed
        case .notCached: .notCached
        case .cancelled: .cancelled
        }
    }

    /// One sentence.
    public var description: String {
        switch self {
        case .stepFailed(let name, let failure): "\(name): \(failure.message)"
        case .notCached(_, let name):
            "\(name) is not cached, and --expect-cached was given; 'reel why' tells the cause again"
        case .cancelled: "the build was cancelled"
        case .cycle: "the graph has a cycle"
        }
    }
}

/// Solves one graph: keys each vertex, reuses or runs it, and records every step.
///
/// An append of the log is in order but not awaited: dependents may go on, and a crash loses a suffix of the log, never a
/// middle. Sources have their snapshots before solving starts.
public struct Solver<Port: StepPort>: Sendable {
    private let vertices: [ContentDigest: Vertex]
    private let order: [ContentDigest]
    private let sources: [ContentDigest: Snapshot]
    private let options: SolverOptions
    private let port: Port
    private let log: any EventAppending
    private let build: BuildID

    /// Makes a solver of the union of some definitions.
    ///
    /// - Parameters:
    ///   - definitions: The graphs; equal vertices are one.
    ///   - sources: The snapshot of every source vertex.
    public init(
        definitions: [Definition],
        sources: [ContentDigest: Snapshot],
        options: SolverOptions,
        port: Port,
        log: any EventAppending,
        build: BuildID
    ) {
        var vertices: [ContentDigest: Vertex] = [:]
        var order: [ContentDigest] = []
        for vertex in definitions.flatMap(\.vertices) where vertices.updateValue(vertex, forKey: vertex.digest) == nil {
            order.append(vertex.digest)
        }
        self.vertices = vertices
        self.order = order
        self.sources = sources
        self.options = options
        self.port = port
        self.log = log
        self.build = build
    }

    private enum VertexEnd: Sendable {
        case done(VertexOutputs)
        case failed(StepFailed)
        case threw(any Error)
    }

    /// Solves everything and returns what each vertex gave.
    ///
    /// After the first failure nothing new starts; steps still running are cancelled and recorded.
    ///
    /// - Throws: `SolveError`, or what the port threw first.
    public func solve() async throws -> [ContentDigest: VertexOutputs] {
        var schedule = Schedule(
            inputs: order.map { ($0, Set(vertices[$0]?.inputs.map(\.digest) ?? [])) }
        )
        var outputs: [ContentDigest: VertexOutputs] = [:]
        var waiting: Deque<ContentDigest> = []
        var failure: (any Error)?
        await withTaskGroup(of: (ContentDigest, VertexEnd).self) { group in
            var running = 0
            while true {
                waiting.append(contentsOf: schedule.takeReady())
                while failure == nil, running < options.maxParallelism, let next = waiting.popFirst() {
                    guard let vertex = vertices[next] else { continue }
                    let inputs = Self.inputs(of: vertex, from: outputs)
                    running += 1
                    group.addTask { (next, await end(of: vertex, inputs: inputs)) }
                }
                guard let (digest, end) = await group.next() else { break }
                running -= 1
                switch end {
                case .done(let result):
                    outputs[digest] = result
                    schedule.finish(digest)
                case .failed(let step):
                    failure = failure ?? SolveError.stepFailed(name: vertices[digest]?.name ?? "", step)
                    group.cancelAll()
                case .threw(let error):
                    failure = failure ?? (error is CancellationError ? SolveError.cancelled : error)
                    group.cancelAll()
                }
            }
        }
        if let failure { throw failure }
        guard schedule.unfinished == 0 else { throw SolveError.cycle }
        return outputs
    }

    private static func inputs(of vertex: Vertex, from outputs: [ContentDigest: VertexOutputs]) -> [Snapshot]? {
        var inputs: [Snapshot] = []
        for input in vertex.inputs {
            guard let given = outputs[input.digest]?.snapshots, given.indices.contains(input.index) else { return nil }
            inputs.append(given[input.index])
        }
        return inputs
    }

    private func end(of vertex: Vertex, inputs: [Snapshot]?) async -> VertexEnd {
        do {
            try Task.checkCancellation()
            if let source = sources[vertex.digest] {
                return .done(VertexOutputs(snapshots: [source], results: []))
            }
            guard let inputs else {
                return .failed(fail(vertex, key: nil, "it reads an output that its input does not have"))
            }
            return try await step(vertex, inputs: inputs)
        } catch let refusal as StepRefusal {
            return .failed(fail(vertex, key: nil, refusal.message))
        } catch {
            return .threw(error)
        }
    }

    private func fail(_ vertex: Vertex, key: ContentDigest?, _ message: String) -> StepFailed {
        let failure = StepFailed(vertex: vertex.digest, key: key, message: message)
        log.append(.stepFailed(failure), build: build)
        return failure
    }

    private func step(_ vertex: Vertex, inputs: [Snapshot]) async throws -> VertexEnd {
        let preimage = try await port.preimage(of: vertex, inputs: inputs).canonicalBytes
        let key = try await port.store(preimage: preimage)
        log.append(
            .stepKeyed(StepKeyed(vertex: vertex.digest, name: vertex.name, key: key, preimage: key)),
            build: build
        )
        // A graph within the graph is solved anew, so that its sources are; its own steps are reused.
        let holdsGraph: Bool
        if case .build = vertex.operation { holdsGraph = true } else { holdsGraph = false }
        let mayReuse = mayReuse(vertex) && (!holdsGraph || options.runsOnly != nil)
        if mayReuse, let reused = try await reuse(vertex, key: key) { return .done(reused) }
        if options.expectCached, !holdsGraph { throw SolveError.notCached(vertex: vertex.digest, name: vertex.name) }
        // No lock either: a graph may hold the same one again further in, and its steps are locked one by one.
        if holdsGraph { return try await run(vertex, key: key, inputs: inputs) }
        return try await port.holding(key: key) {
            if mayReuse, let reused = try await reuse(vertex, key: key) { return .done(reused) }
            return try await run(vertex, key: key, inputs: inputs)
        }
    }

    private func mayReuse(_ vertex: Vertex) -> Bool {
        if let runsOnly = options.runsOnly { return !runsOnly.contains(vertex.digest) }
        return !options.ignoreCache && !vertex.metadata.ignoresCache
            && !options.ignoreCacheVertices.contains(vertex.digest)
    }

    private func reuse(_ vertex: Vertex, key: ContentDigest) async throws -> VertexOutputs? {
        guard let known = try await port.known(key: key) else { return nil }
        let event = StepReused(
            vertex: vertex.digest,
            key: key,
            producer: known.producer,
            origin: known.origin,
            results: known.outputs.results
        )
        log.append(.stepReused(event), build: build)
        return known.outputs
    }

    private func run(_ vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws -> VertexEnd {
        switch try await port.run(vertex, key: key, inputs: inputs) {
        case .finished(let outputs, let happened):
            let event = StepFinished(vertex: vertex.digest, key: key, results: outputs.results, happened: happened)
            log.append(.stepFinished(event), build: build)
            return .done(outputs)
        case .failed(let failure):
            log.append(.stepFailed(failure), build: build)
            return .failed(failure)
        case .replaced(let failure, let outputs):
            log.append(.stepFailed(failure), build: build)
            return .done(outputs)
        }
    }
}
