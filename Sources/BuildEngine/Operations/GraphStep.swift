// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import LLB
import Layers
import OCIModel

/// The execution of a build vertex: a graph within the graph, whose steps are keyed, reused and recorded as any others.
///
/// Source: BuildKit, `solver/llbsolver/ops/build.go`.
struct GraphStep {
    let run: BuildRun
    let vertex: Vertex
    let key: ContentDigest
    let port: OperationPort

    /// Graphs that steps make may hold graphs that steps make, so deep.
    private static let deepest = 8
    /// The attribute that names the file of the graph.
    private static let fileAttribute = "llbbuild.filename"

    /// Solves the graph; its result is the vertex's.
    func perform(_ build: BuildOperation, inputs: [Snapshot]) async throws -> StepOutcome {
        run.log.append(.stepStarted(StepStarted(vertex: vertex.digest, key: key, operation: "build")), build: run.id)
        guard port.nesting < Self.deepest else {
            return failed("its graph is within \(Self.deepest) others, and none may be deeper")
        }
        let definition: Definition
        if let given = build.definition {
            definition = given
        } else {
            do { definition = try await read(build, inputs: inputs) } catch let error as LLBError {
                return failed("the graph that it was given: \(error)")
            } catch let error as MissingGraph {
                return failed(error.words)
            }
        }
        let pins = try await run.pinSources(of: [definition], known: port.pins)
        let solver = Solver(
            definitions: [definition],
            sources: pins,
            options: run.solverOptions,
            port: OperationPort(run: run, pins: pins, nesting: port.nesting + 1),
            log: run.log,
            build: run.id
        )
        let outputs = try await solver.solve()
        var snapshot = Snapshot.scratch
        if let output = definition.output, let given = outputs[output.digest]?.snapshots,
            given.indices.contains(output.index)
        {
            snapshot = given[output.index]
        }
        return .finished(VertexOutputs(whole: snapshot, in: run.layers), [:])
    }

    private struct MissingGraph: Error { let words: String }

    private func read(_ build: BuildOperation, inputs: [Snapshot]) async throws -> Definition {
        let name = BuildOperation.definitionInput
        guard let index = build.inputs[name] ?? nil, inputs.indices.contains(index) else {
            throw MissingGraph(words: "it has neither a graph nor an input '\(name)' that holds one")
        }
        let file = build.attributes[Self.fileAttribute] ?? name
        let (layers, input) = (run.layers, inputs[index])
        let bytes = try await run.supply.providing([input]) { () throws -> [UInt8] in
            let view = try layers.view(input)
            guard let entry = try view.resolve(PathText.relative(file)).entry, entry.attributes.kind == .regular else {
                throw MissingGraph(words: "there is no file '\(file)' in its input '\(name)'")
            }
            guard entry.size <= Int64(Definition.maximumEncodedSize) else {
                throw MissingGraph(words: "'\(file)' is larger than a graph may be")
            }
            return try view.read(entry)
        }
        return try Definition(decoding: bytes, allowingEmpty: true)
    }

    private func failed(_ message: String) -> StepOutcome {
        .failed(StepFailed(vertex: vertex.digest, key: key, message: message))
    }
}
