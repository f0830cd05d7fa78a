// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSolver
import LLB
import Layers
import OCIModel

/// The steps of a replay: each runs on what the record says that it read, so that each is judged by itself.
///
/// As long as everything agrees, that is what the replay made. Behind a divergence the inputs come from the record, and
/// the result is put on what the replay has: ChainIDs, images and exports then differ as they should, and a DiffID
/// differs only where the step itself does.
struct ReplayPort: StepPort {
    let port: OperationPort
    let plan: ReplayPlan

    func preimage(of vertex: Vertex, inputs: [Snapshot]) async throws -> JSONValue {
        guard plan.executes(vertex.digest) else {
            guard let keyed = plan.recorded.keys[vertex.digest] else { throw unrecorded(vertex) }
            return try JSONValue(parsing: plan.origin.blobs.read(keyed.preimage))
        }
        return try await port.preimage(of: vertex, inputs: judged(vertex, inputs: inputs))
    }

    func store(preimage: [UInt8]) async throws -> ContentDigest { try await port.store(preimage: preimage) }

    func known(key: ContentDigest) async throws -> (outputs: VertexOutputs, producer: Int64, origin: String)? {
        plan.outputs(forKey: key).map { ($0, 0, "record") }
    }

    func holding<Value: Sendable>(
        key: ContentDigest,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        try await port.holding(key: key, body)
    }

    func run(_ vertex: Vertex, key: ContentDigest, inputs: [Snapshot]) async throws -> StepOutcome {
        guard plan.executes(vertex.digest) else { throw unrecorded(vertex) }
        let judged = try await judged(vertex, inputs: inputs)
        switch try await port.run(vertex, key: key, inputs: judged) {
        case .finished(var outputs, let happened):
            outputs.snapshots =
                zip(outputs.snapshots, outputs.results).map { snapshot, result in
                    Self.put(snapshot, result, from: judged, on: inputs)
                } + outputs.snapshots.dropFirst(outputs.results.count)
            return .finished(outputs, happened)
        case .failed(let failure):
            guard let outputs = plan.outputs(of: vertex.digest) else { return .failed(failure) }
            plan.note { $0.failures[vertex.digest] = failure }
            return .replaced(failure, outputs)
        case .replaced(let failure, let outputs): return .replaced(failure, outputs)
        }
    }

    /// The inputs to run on: those of the record where they can be had, the given ones where not.
    ///
    /// Merges and diffs only put layers together, so they take what they are given.
    private func judged(_ vertex: Vertex, inputs: [Snapshot]) async throws -> [Snapshot] {
        let expected = zip(vertex.inputs, inputs).map { plan.snapshots.snapshot(of: $0) ?? $1 }
        switch vertex.operation {
        case .exec, .file: break
        default:
            if expected != inputs { plan.note { $0.carried.insert(vertex.digest) } }
            try await take(inputs, for: vertex)
            return inputs
        }
        guard expected != inputs else {
            try await take(inputs, for: vertex)
            return inputs
        }
        do {
            try await take(expected, for: vertex)
            return expected
        } catch let fault as any Fault where [.missing, .corrupt].contains(fault.kind) {
            plan.note { $0.carried.insert(vertex.digest) }
            let reason = "it reads what differs already, since what it read then can't be had: \(fault.description)"
            port.run.log.append(.fallback(Fallback(subject: vertex.name, reason: reason)), build: port.run.id)
            return inputs
        }
    }

    private func take(_ snapshots: [Snapshot], for vertex: Vertex) async throws {
        let (plan, supply) = (plan, port.run.supply)
        try await Offload.run {
            for snapshot in snapshots { try plan.take(snapshot, for: vertex.name, unless: supply) }
        }
    }

    private func unrecorded(_ vertex: Vertex) -> BuildRecordError {
        .incomplete(plan.recorded.id, "it has no result of \(vertex.name), which this replay would need")
    }

    /// A result as a layer on what the replay has in place of what the record has.
    private static func put(
        _ snapshot: Snapshot,
        _ result: StepResult,
        from judged: [Snapshot],
        on inputs: [Snapshot]
    ) -> Snapshot {
        guard let place = judged.firstIndex(where: { $0.chainID == result.parent }), judged[place] != inputs[place]
        else { return snapshot }
        return result.diffID.map { inputs[place].appending($0) } ?? inputs[place]
    }
}
