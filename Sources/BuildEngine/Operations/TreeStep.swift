// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import FileOperations
import LLB
import Layers
import OCIModel

/// The execution of file, merge and diff vertices: trees made of trees, in process, with nothing mounted.
struct TreeStep {
    let run: BuildRun
    let vertex: Vertex
    let key: ContentDigest

    /// Makes the outputs.
    ///
    /// What an operation itself refuses (a missing path, a name that no passwd knows) fails the step.
    func perform(inputs: [Snapshot]) async throws -> StepOutcome {
        let event = StepStarted(vertex: vertex.digest, key: key, operation: vertex.operation.name)
        run.log.append(.stepStarted(event), build: run.id)
        do {
            return .finished(try await run.supply.providing(inputs) { try outputs(inputs: inputs) }, [:])
        } catch let error as FileOperationError {
            return .failed(StepFailed(vertex: vertex.digest, key: key, message: error.description))
        }
    }

    private func outputs(inputs: [Snapshot]) throws -> VertexOutputs {
        let executor = FileOperationExecutor(
            layers: run.layers,
            timestamps: run.request.timestamps,
            now: run.engine.environment.clock.now()
        )
        switch vertex.operation {
        case .file(let file): return try layered(executor.execute(file, inputs: inputs))
        case .merge(let merge): return VertexOutputs(whole: try executor.merge(merge, inputs: inputs), in: run.layers)
        case .diff(let diff): return VertexOutputs(whole: try executor.diff(diff, inputs: inputs), in: run.layers)
        default: throw UnsupportedOperation(name: vertex.operation.name, step: vertex.name)
        }
    }

    /// One layer for each output, an empty one where nothing changed: an image has a layer for each of its steps.
    private func layered(_ results: [FileOperationResult]) throws -> VertexOutputs {
        var outputs = VertexOutputs(snapshots: [], results: [])
        for result in results {
            let layer = try result.layer ?? run.layers.writer(timestamps: run.request.timestamps).finish()
            let (snapshot, told) = StepResult.adding(layer, to: result.base)
            outputs.snapshots.append(snapshot)
            outputs.results.append(told)
        }
        return outputs
    }
}

extension VertexOutputs {
    /// A stack of layers that exist already, told layer by layer so that the log knows every ChainID on the way.
    init(whole snapshot: Snapshot, in layers: LayerStore) {
        var below = Snapshot.scratch
        var told: [StepResult] = []
        for diffID in snapshot.layers {
            let next = below.appending(diffID)
            let size = layers.blobs.size(diffID) ?? 0
            told.append(StepResult(parent: below.chainID, diffID: diffID, chainID: next.chainID, size: size))
            below = next
        }
        self.init(snapshots: [snapshot], results: told.isEmpty ? [.scratch] : told.reversed())
    }

    /// Inputs that are handed on as they are.
    init(handing operation: PassthroughOperation, _ inputs: [Snapshot]) throws {
        let handed = operation.outputs.map { inputs.indices.contains($0) ? inputs[$0] : .scratch }
        self.init(
            snapshots: handed,
            results: handed.map { StepResult(parent: $0.chainID, diffID: nil, chainID: $0.chainID, size: 0) }
        )
    }
}

extension StepResult {
    /// The empty root.
    static let scratch = StepResult(parent: nil, diffID: nil, chainID: nil, size: 0)
}
