// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import EventStorage
import FileOperations
import LLB
import Layers
import OCIModel
import Synchronization

/// Where the solver's decisions become effects: keys from views of the layers, results from the log, steps in the sandbox.
final class OperationPort: StepPort {
    let run: BuildRun
    /// The sources that are pinned already.
    let pins: [ContentDigest: Snapshot]
    /// Within how many graphs this one is.
    let nesting: Int
    /// The snapshots that this build has seen, by ChainID.
    private let seen = Mutex<[ContentDigest: Snapshot]>([:])

    init(run: BuildRun, pins: [ContentDigest: Snapshot], nesting: Int = 0) {
        self.run = run
        self.pins = pins
        self.nesting = nesting
    }

    /// Remembers snapshots, so that a result told as a layer on a parent is made whole without asking the log.
    func remember(_ snapshots: [Snapshot]) {
        seen.withLock { seen in
            for snapshot in snapshots {
                if let chainID = snapshot.chainID { seen[chainID] = snapshot }
            }
        }
    }

    func preimage(of vertex: Vertex, inputs: [Snapshot]) async throws -> JSONValue {
        remember(inputs)
        let layers = run.layers
        let identities: [InputIdentity]
        do {
            if let whole = InputIdentities.ofWhole(vertex, inputs: inputs) {
                identities = whole
            } else {
                identities = try await run.supply.providing(inputs) {
                    try InputIdentities(layers: layers).of(vertex, inputs: inputs)
                }
            }
        } catch let error as FileOperationError {
            throw StepRefusal(error.description)
        }
        return StepPreimage.json(
            vertex: vertex,
            inputs: identities,
            timestamps: run.request.timestamps,
            semantics: Engine.semantics
        )
    }

    func store(preimage: [UInt8]) async throws -> ContentDigest { try run.engine.layers.blobs.put(preimage) }

    func known(key: ContentDigest) async throws -> (outputs: VertexOutputs, producer: Int64, origin: String)? {
        guard let known = try await run.engine.log.result(forKey: key) else { return nil }
        var snapshots: [Snapshot] = []
        for result in known.results {
            guard let snapshot = try await snapshot(of: result) else { return nil }
            if let diffID = result.diffID, !run.layers.contains(diffID), run.supply.offer(of: diffID) == nil {
                let words = "the result of event \(known.producer) is gone; the step runs again"
                run.log.append(.blobMissing(BlobFault(digest: diffID, context: words)), build: run.id)
                return nil
            }
            snapshots.append(snapshot)
        }
        remember(snapshots)
        return (VertexOutputs(snapshots: snapshots, results: known.results), known.producer, "local")
    }

    private func snapshot(of result: StepResult) async throws -> Snapshot? {
        guard let chainID = result.chainID else { return .scratch }
        let (whole, parent) = seen.withLock { seen in (seen[chainID], result.parent.flatMap { seen[$0] }) }
        if let whole { return whole }
        if let diffID = result.diffID {
            if result.parent == nil { return Snapshot(layers: [diffID]) }
            if let parent { return parent.appending(diffID) }
        }
        return try await run.engine.log.layers(ofChain: chainID).map(Snapshot.init(layers:))
    }

    /// Calls `body` while holding the key's lock, which is given back once the log has what `body` appended.
    ///
    /// Whoever waits for the lock looks the key up in what is committed; the caller need not wait for that commit.
    func holding<Value: Sendable>(
        key: ContentDigest,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        let lock = try await run.engine.locks.take(key.hex)
        let value = try await body()
        let log = run.log
        // A task of its own, since the commit is awaited beside the steps that follow; it ends with the commit.
        Task {
            try? await log.flush()
            lock.release()
        }
        return value
    }

    func run(_ vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws -> StepOutcome {
        let started = run.engine.environment.clock.now()
        let outcome: StepOutcome =
            switch vertex.operation {
            case .exec(let exec): try await perform(exec, of: vertex, key: key, inputs: inputs)
            case .file, .merge, .diff: try await TreeStep(run: run, vertex: vertex, key: key).perform(inputs: inputs)
            case .build(let build):
                try await GraphStep(run: run, vertex: vertex, key: key, port: self).perform(build, inputs: inputs)
            case .passthrough(let operation): .finished(try VertexOutputs(handing: operation, inputs), [:])
            case .source:
                throw UnsupportedOperation(name: vertex.operation.name, step: vertex.name)
            }
        guard case .finished(let outputs, var happened) = outcome else { return outcome }
        remember(outputs.snapshots)
        happened["duration"] = .integer(run.engine.environment.clock.now().nanoseconds - started.nanoseconds)
        return .finished(outputs, happened)
    }
}

extension OperationPort {
    /// Runs a program, which may read whatever its mounts have.
    private func perform(_ exec: ExecOperation, of vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws
        -> StepOutcome
    {
        try await run.supply.provide(inputs)
        return try await ExecStep(run: run, vertex: vertex, key: key).perform(exec, inputs: inputs)
    }
}

/// An operation that this version does not run.
struct UnsupportedOperation: Fault, Equatable {
    let name: String
    let step: String
    var kind: FaultKind { .usage }
    var description: String { "\(step): the operation '\(name)' is not supported by this version of reel" }
}
