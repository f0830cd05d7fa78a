// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildExporters
import BuildModel
import BuildSolver
import EventStorage
import LLB
import Layers
import OCIModel

/// One target platform of a build: its graph and the configuration of its image.
struct BuildTarget: Sendable {
    var platform: Platform
    /// `nil` where the result is `scratch`.
    var definition: Definition?
    /// `nil` for plain LLB.
    var config: ImageConfig?
    /// How many layers the result's base brought along.
    var baseLayers = 0
    /// The ignore file of the main context, for the explanation of what it left out.
    var ignoreFile: IgnoreFileRecord?
}

/// One build on its way: every stage appends its events, and the last event is always the build's end.
struct BuildRun: Sendable {
    let engine: Engine
    var request: BuildRequest
    let id: BuildID
    let log: any EventAppending
    let observer: any BuildObserver
    /// The layers that the steps read and write: the engine's, or a fresh store of a replay.
    let layers: LayerStore
    /// Where a recorded graph and recorded pins come from; `nil` for a new build.
    let recorded: BuildRecord?
    /// What a replay executes of it; `nil` for every other build.
    let plan: ReplayPlan?
    /// The secrets that steps may ask for.
    let secrets: BuildSecrets
    /// The contexts that are files.
    let archives = ContextArchives()
    /// The registries, closed at the build's end.
    let registry: RegistryAccess
    /// Where layers of base images come from that nothing has read yet.
    let supply: LayerSupply

    /// The commits that git sources became.
    let gitPins = GitPins()
    /// The main context, where it is a repository.
    var remoteContext: RemoteContext?

    /// Whether the build only repeats another to compare: it names nothing and keeps nothing.
    var isReplay: Bool { request.relation?.kind == "replay" }

    /// Whether the graph is the record's, so that no frontend is asked.
    var usesRecordedGraph: Bool { (recorded?.hasGraph ?? false) && !request.asksFrontend }

    /// Runs the build from its first to its last event.
    ///
    /// - Throws: `BuildFailure`, after the log has the reason.
    func run() async throws -> BuildOutcome {
        let started = engine.environment.clock.now()
        engine.folder.began(id)
        defer { engine.folder.ended(id) }
        do {
            let outcome = try await stages()
            await registry.close()
            try await finish(outcome, started: started)
            if outcome.image != nil, !isReplay {
                let engine = engine
                try await Offload.run { try engine.writeLayoutIndex() }
            }
            return outcome
        } catch {
            await registry.close()
            throw await fail(error, started: started)
        }
    }

    private func stages() async throws -> BuildOutcome {
        log.append(.buildStarted(startEvent), build: id)
        return try await openingRemoteContext().pinnedStages()
    }

    private func pinnedStages() async throws -> BuildOutcome {
        let targets = try await loadTargets()
        let sources = try await pinSources(of: targets)
        let port = OperationPort(run: self, pins: sources)
        let outputs: [ContentDigest: VertexOutputs]
        if let plan {
            outputs = try await solve(targets, sources: sources, port: ReplayPort(port: port, plan: plan))
            try await provide(targets, outputs: outputs, plan: plan)
        } else {
            outputs = try await solve(targets, sources: sources, port: port)
        }
        let outcome = try await export(targets, outputs: outputs)
        try await dropContexts(sources, targets: targets)
        return outcome
    }

    private func solve(
        _ targets: [BuildTarget],
        sources: [ContentDigest: Snapshot],
        port: some StepPort
    ) async throws -> [ContentDigest: VertexOutputs] {
        var options = solverOptions
        options.runsOnly = plan?.selected
        return try await Solver(
            definitions: targets.compactMap(\.definition),
            sources: sources,
            options: options,
            port: port,
            log: log,
            build: id
        ).solve()
    }

    /// Takes what the exports of a replay need of steps that it did not execute.
    private func provide(
        _ targets: [BuildTarget],
        outputs: [ContentDigest: VertexOutputs],
        plan: ReplayPlan
    ) async throws {
        guard !request.outputs.isEmpty else { return }
        let results = targets.map { image(of: $0, outputs: outputs).snapshot }
        let supply = supply
        try await Offload.run { for result in results { try plan.take(result, for: "the result", unless: supply) } }
    }

    var solverOptions: SolverOptions {
        SolverOptions(
            maxParallelism: request.maxParallelism,
            ignoreCache: request.noCache,
            expectCached: request.expectCached
        )
    }

    private var startEvent: BuildStarted {
        let environment = engine.environment
        let frontend =
            switch request.frontend {
            case _ where usesRecordedGraph: "recording"
            case .dockerfile: "dockerfile"
            case .llb: "llb"
            }
        return BuildStarted(
            frontend: frontend,
            options: request.recordedOptions,
            tags: request.tags,
            engine: Engine.version,
            semantics: Engine.semantics,
            platform: Platform.compiled.description,
            of: request.relation?.of,
            relation: request.relation?.kind,
            happened: [
                "host": .string(environment.host), "pid": .integer(Int64(environment.pid)),
                "command": JSONValue(environment.commandLine.map { URLUserInfo.redacted($0) }),
                "cwd": .string(environment.workingDirectory),
                "contexts": JSONValue(places),
            ]
        )
    }

    /// Where the contexts are; what came on standard input is nowhere.
    private var places: [String: String] {
        request.contexts.mapValues { engine.environment.absolute($0) }.filter { !$0.value.hasPrefix("/proc/") }
    }

    /// Makes everything durable and writes the last event.
    private func finish(_ outcome: BuildOutcome, started: Timestamp) async throws {
        let layers = layers
        try await Offload.run { try layers.blobs.flush() }
        let results = outcome.images.compactMap { image in
            image.snapshot.chainID.map { (image.platform.description, $0) }
        }
        log.append(
            .buildFinished(
                BuildFinished(
                    results: Dictionary(results) { _, last in last },
                    image: outcome.image,
                    happened: ["duration": .integer(elapsed(since: started))]
                )
            ),
            build: id
        )
        try await log.flush()
    }

    private func fail(_ error: any Error, started: Timestamp) async -> BuildFailure {
        let fault = Self.fault(of: error)
        let happened: Happened = ["duration": .integer(elapsed(since: started))]
        if fault.kind == .cancelled {
            log.append(.buildCancelled(BuildCancelled(reason: "interrupt", happened: happened)), build: id)
        } else {
            var vertex: ContentDigest?
            if case .stepFailed(_, let step)? = error as? SolveError { vertex = step.vertex }
            if case .notCached(let missed, _)? = error as? SolveError { vertex = missed }
            let event = BuildFailed(fault: fault.kind, message: fault.description, vertex: vertex, happened: happened)
            log.append(.buildFailed(event), build: id)
        }
        do {
            try await log.flush()
        } catch let storage as any Fault {
            return BuildFailure(id: id, cause: storage)
        } catch {
            return BuildFailure(id: id, cause: fault)
        }
        return BuildFailure(id: id, cause: fault)
    }

    /// Every error as a fault; one that is none is told in its own words.
    private static func fault(of error: any Error) -> any Fault {
        if error is CancellationError { return SolveError.cancelled }
        return error as? any Fault ?? UnforeseenFault(words: String(describing: error))
    }

    private func elapsed(since start: Timestamp) -> Int64 {
        engine.environment.clock.now().nanoseconds - start.nanoseconds
    }
}

/// An error of a library that reel has no kind for.
struct UnforeseenFault: Fault, Equatable {
    let words: String
    var kind: FaultKind { .failed }
    var description: String { words }
}
