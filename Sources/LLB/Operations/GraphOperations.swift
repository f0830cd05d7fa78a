// SPDX-License-Identifier: Apache-2.0

/// Stacks file systems, the last on top.
public struct MergeOperation: Hashable, Sendable {
    /// Indexes of the vertex's inputs, lowest first; `nil` is empty.
    public var inputs: [Int?]

    /// Makes one.
    public init(inputs: [Int?]) { self.inputs = inputs }
}

/// What `upper` has beyond `lower`.
public struct DiffOperation: Hashable, Sendable {
    /// Index of the input that is subtracted; `nil` is empty.
    public var lower: Int?
    /// Index of the input that is subtracted from; `nil` is empty.
    public var upper: Int?

    /// Makes one.
    public init(lower: Int?, upper: Int?) {
        self.lower = lower
        self.upper = upper
    }
}

/// Builds a definition that is given, or that an input holds as a file.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `BuildOp`.
public struct BuildOperation: Hashable, Sendable {
    /// The input that does the building; `nil` for the builder itself, which is the only one there is.
    public var builder: Int?
    /// Indexes of the vertex's inputs by name; `buildkit.llb.definition` holds the definition.
    public var inputs: [String: Int?]
    /// The definition, where it is given.
    public var definition: Definition?
    /// Options by name.
    public var attributes: [String: String]

    /// The name of the input that holds the definition, and of the file in it.
    public static let definitionInput = "buildkit.llb.definition"

    /// Makes one.
    public init(
        builder: Int?,
        inputs: [String: Int?],
        definition: Definition? = nil,
        attributes: [String: String] = [:]
    ) {
        self.builder = builder
        self.inputs = inputs
        self.definition = definition
        self.attributes = attributes
    }
}

/// Hands inputs on, so that one vertex stands for several.
public struct PassthroughOperation: Hashable, Sendable {
    /// Its name, never empty.
    public var id: String
    /// The input that each output is.
    public var outputs: [Int]

    /// Makes one.
    public init(id: String, outputs: [Int]) {
        self.id = id
        self.outputs = outputs
    }
}
