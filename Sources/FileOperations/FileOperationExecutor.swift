// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import LLB
public import Layers
public import OCIModel

/// Executes the operations that need no program: file, merge and diff.
///
/// Nothing is mounted and nothing is unpacked: inputs are read through `LayerView`s, changes are gathered in memory,
/// and each output is written once, as one layer. The semantics are BuildKit's.
///
/// Source: BuildKit, `solver/llbsolver/file/backend.go`, `solver/llbsolver/ops/{file,merge,diff}.go`;
/// tonistiigi/fsutil, `copy/copy.go`.
public struct FileOperationExecutor: Sendable {
    /// Where layers are read and written.
    public let layers: LayerStore
    /// What becomes of times.
    public let timestamps: TimestampPolicy
    /// The time of what is made without one; a policy that clamps makes the epoch of it.
    public let now: Timestamp

    /// Makes an executor.
    public init(layers: LayerStore, timestamps: TimestampPolicy, now: Timestamp) {
        self.layers = layers
        self.timestamps = timestamps
        self.now = now
    }

    /// Runs the actions of a file operation.
    ///
    /// - Parameters:
    ///   - operation: Actions whose operands name `inputs` and each other, as a decoded definition has them.
    ///   - inputs: The vertex's inputs, in order.
    /// - Returns: One result for each output, by index.
    /// - Throws: `FileOperationError`, which names the action and the path; nothing is left behind but caches.
    public func execute(_ operation: FileOperation, inputs: [Snapshot]) throws -> [FileOperationResult] {
        var run = try FileOperationRun(executor: self, inputs: inputs, actions: operation.actions)
        return try run.perform()
    }

    /// Stacks snapshots, the last on top; `nil` is an empty one.
    ///
    /// Every layer of every input is kept, those that several inputs have too, as in BuildKit.
    public func merge(_ operation: MergeOperation, inputs: [Snapshot]) throws -> Snapshot {
        var layers: [ContentDigest] = []
        for index in operation.inputs {
            guard let index else { continue }
            guard inputs.indices.contains(index) else { throw FileOperationError("merge", .missingInput(index)) }
            layers += inputs[index].layers
        }
        return Snapshot(layers: layers)
    }

    /// What the upper input has beyond the lower one, as layers that stand alone or go on top of something else.
    ///
    /// Where the lower one's layers are the first of the upper one's, these are the remaining layers; else they are
    /// one layer, computed from both trees, in which what is missing above is a whiteout.
    public func diff(_ operation: DiffOperation, inputs: [Snapshot]) throws -> Snapshot {
        func snapshot(_ index: Int?) throws -> Snapshot {
            guard let index else { return .scratch }
            guard inputs.indices.contains(index) else { throw FileOperationError("diff", .missingInput(index)) }
            return inputs[index]
        }
        return try diff(lower: snapshot(operation.lower), upper: snapshot(operation.upper))
    }
}

/// What a file operation made.
public struct FileOperationResult: Hashable, Sendable {
    /// What the changes are on top of.
    public let base: Snapshot
    /// The changes; `nil` where nothing changed.
    public let layer: CommittedLayer?

    /// The base with the changes on top.
    public var snapshot: Snapshot { layer.map { base.appending($0.diffID) } ?? base }
}
