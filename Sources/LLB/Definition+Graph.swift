// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension Definition {
    /// The definition of the empty file system.
    static func empty(sources: [SourceText]) -> Definition {
        Definition(
            vertices: [],
            output: nil,
            sources: sources,
            outputMetadata: VertexMetadata(),
            wireOrder: [],
            closingBytes: [],
            described: [],
            located: [],
            extraMetadata: [:],
            extraLocations: [:],
            hasSourceMessage: false,
            original: nil,
            indexes: [:]
        )
    }

    /// The definition of what `output` needs of `candidates`, in the order in which BuildKit's client writes it.
    init(
        output: VertexInput,
        candidates: [Vertex],
        indexes: [ContentDigest: Int],
        sources: [SourceText],
        outputMetadata: VertexMetadata
    ) throws(LLBError) {
        var closing = WireWriter()
        closing.vertexInputs([output])
        let closingDigest = ContentDigest(of: closing.bytes)
        let vertices = try Self.order(output, closing: closingDigest, of: candidates, indexes: indexes)
        let digests = vertices.map(\.digest)
        self.init(
            vertices: vertices,
            output: output,
            sources: sources,
            outputMetadata: outputMetadata,
            wireOrder: vertices,
            closingBytes: closing.bytes,
            described: Set(digests + [closingDigest]),
            located: Set(digests),
            extraMetadata: [:],
            extraLocations: [:],
            hasSourceMessage: true,
            original: nil,
            indexes: Dictionary(uniqueKeysWithValues: digests.enumerated().map { ($1, $0) })
        )
    }

    /// What `output` needs, each vertex after its inputs, and every edge checked.
    static func order(
        _ output: VertexInput,
        closing: ContentDigest,
        of vertices: [Vertex],
        indexes: [ContentDigest: Int]
    ) throws(LLBError) -> [Vertex] {
        var edges: [[Int]] = []
        edges.reserveCapacity(vertices.count)
        for vertex in vertices {
            edges.append(try resolve(vertex.inputs, of: vertex.digest, vertices: vertices, indexes: indexes))
        }
        let root = try resolve([output], of: closing, vertices: vertices, indexes: indexes)
        do {
            return try VertexOrder.postorder(from: root, edges: edges).map { vertices[$0] }
        } catch {
            throw .cycle(vertex: vertices[error.node].digest)
        }
    }

    private static func resolve(
        _ inputs: [VertexInput],
        of digest: ContentDigest,
        vertices: [Vertex],
        indexes: [ContentDigest: Int]
    ) throws(LLBError) -> [Int] {
        var resolved: [Int] = []
        for input in inputs {
            guard let index = indexes[input.digest] else {
                throw .danglingInput(vertex: digest, input: input.digest.description)
            }
            guard input.index >= 0, vertices[index].operation.outputCount.map({ input.index < $0 }) ?? true else {
                throw .missingOutput(vertex: digest, input: input)
            }
            resolved.append(index)
        }
        return resolved
    }
}

/// Orders the nodes of a graph.
enum VertexOrder {
    /// A ring, by one of its nodes.
    struct Ring: Error, Equatable {
        /// The node.
        let node: Int
    }

    private enum State { case unseen, open, done }

    /// The nodes that can be reached from `roots`, each after all that it has edges to, and otherwise in their order.
    ///
    /// - Parameter edges: For each node the nodes that come before it.
    /// - Throws: `Ring` where a node comes before itself.
    static func postorder(from roots: [Int], edges: [[Int]]) throws(Ring) -> [Int] {
        var states = [State](repeating: .unseen, count: edges.count)
        var order: [Int] = []
        var path: [(node: Int, next: Int)] = []
        for root in roots where states[root] == .unseen {
            path.append((root, 0))
            states[root] = .open
            while let (node, next) = path.last {
                guard next < edges[node].count else {
                    states[node] = .done
                    order.append(node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let child = edges[node][next]
                switch states[child] {
                case .done: break
                case .open: throw Ring(node: child)
                case .unseen:
                    states[child] = .open
                    path.append((child, 0))
                }
            }
        }
        return order
    }
}
