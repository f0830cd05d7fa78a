// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Collects vertices into a definition; equal vertices become one.
public struct DefinitionBuilder: Sendable {
    private var vertices: [Vertex] = []
    private var indexes: [ContentDigest: Int] = [:]
    private var sources: [SourceText]

    /// Starts an empty definition.
    ///
    /// - Parameter sources: The texts that locations refer to by index.
    public init(sources: [SourceText] = []) { self.sources = sources }

    /// Adds a vertex, or merges `metadata` and `locations` into the equal one that is there.
    ///
    /// - Parameters:
    ///   - inputs: Outputs of vertices that were added before.
    ///   - platform: The system that the result is for; `nil` leaves it out, as sources of local files do.
    ///   - constraints: Filters that choose a worker.
    /// - Returns: The vertex's first output; change `index` for another.
    public mutating func add(
        _ operation: VertexOperation,
        inputs: [VertexInput] = [],
        platform: Platform? = nil,
        constraints: [String] = [],
        metadata: VertexMetadata = VertexMetadata(),
        locations: [SourceLocation] = []
    ) -> VertexInput {
        let bytes = operation.encode(inputs: inputs, platform: platform, constraints: constraints)
        let digest = ContentDigest(of: bytes)
        if let index = indexes[digest] {
            vertices[index].metadata.merge(metadata)
            for location in locations where !vertices[index].locations.contains(location) {
                vertices[index].locations.append(location)
            }
        } else {
            indexes[digest] = vertices.count
            vertices.append(
                Vertex(
                    digest: digest,
                    bytes: bytes,
                    inputs: inputs,
                    operation: operation,
                    platform: platform,
                    constraints: constraints,
                    metadata: metadata,
                    locations: locations
                )
            )
        }
        return VertexInput(digest: digest)
    }

    /// The definition whose result is `output`; vertices that it does not need are left out.
    ///
    /// - Parameters:
    ///   - output: What `add` returned; `nil` for the empty file system.
    ///   - capabilities: Features that a reader must know to understand the whole.
    /// - Throws: `LLBError` where `output` or an input names no vertex that was added, or no output of it.
    public func finish(
        output: VertexInput?,
        capabilities: [String] = ["constraints", "platform"]
    ) throws(LLBError) -> Definition {
        guard let output else { return Definition.empty(sources: sources) }
        var metadata = VertexMetadata()
        for capability in capabilities { metadata.capabilities[capability] = true }
        return try Definition(
            output: output,
            candidates: vertices,
            indexes: indexes,
            sources: sources,
            outputMetadata: metadata
        )
    }
}

extension VertexMetadata {
    /// Takes over what `other` says, as BuildKit's client merges metadata of equal vertices.
    mutating func merge(_ other: VertexMetadata) {
        ignoresCache = ignoresCache || other.ignoresCache
        description.merge(other.description) { _, new in new }
        exportsCache = other.exportsCache ?? exportsCache
        capabilities.merge(other.capabilities) { _, _ in true }
        progressGroup = other.progressGroup ?? progressGroup
        resources = other.resources ?? resources
    }
}
