// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB

/// A graph under construction, whose vertices are numbers: their digests are known when all of it is.
///
/// A local source names the paths that are read from it, which is known only after every stage.
struct VertexPlan {
    /// A planned vertex.
    struct Node {
        var operation: VertexOperation
        var inputs: [Int]
        var platform: Platform?
        var metadata: VertexMetadata
        var lines: ClosedRange<Int>?
    }

    private(set) var nodes: [Node] = []

    /// Plans a vertex and gives its number; inputs were planned before.
    mutating func add(
        _ operation: VertexOperation,
        inputs: [Int] = [],
        platform: Platform? = nil,
        metadata: VertexMetadata = VertexMetadata(),
        lines: ClosedRange<Int>? = nil
    ) -> Int {
        nodes.append(Node(operation: operation, inputs: inputs, platform: platform, metadata: metadata, lines: lines))
        return nodes.count - 1
    }

    /// Replaces the operation of a vertex that has been planned.
    mutating func replace(_ number: Int, _ operation: VertexOperation) { nodes[number].operation = operation }

    /// The definition whose result is `output`.
    func definition(output: Int?, source: SourceText) throws(LLBError) -> Definition {
        var builder = DefinitionBuilder(sources: [source])
        guard let output else { return try builder.finish(output: nil) }
        var needed = [Bool](repeating: false, count: nodes.count)
        needed[output] = true
        for number in nodes.indices.reversed() where needed[number] {
            for input in nodes[number].inputs { needed[input] = true }
        }
        var made = [VertexInput?](repeating: nil, count: nodes.count)
        for (number, node) in nodes.enumerated() where needed[number] {
            made[number] = builder.add(
                node.operation,
                inputs: node.inputs.compactMap { made[$0] },
                platform: node.platform,
                metadata: node.metadata,
                locations: node.lines.map { [Self.location($0)] } ?? []
            )
        }
        return try builder.finish(output: made[output])
    }

    private static func location(_ lines: ClosedRange<Int>) -> SourceLocation {
        let range = SourceRange(
            start: SourcePosition(line: Int32(clamping: lines.lowerBound)),
            end: SourcePosition(line: Int32(clamping: lines.upperBound))
        )
        return SourceLocation(source: 0, ranges: [range])
    }
}

extension VertexMetadata {
    /// Metadata with a name and capabilities.
    init(name: String, command: String? = nil, capabilities: [String], ignoresCache: Bool = false) {
        self.init(description: ["llb.customname": name], ignoresCache: ignoresCache)
        if let command { description["com.docker.dockerfile.v1.command"] = command }
        self.capabilities = Self.basic.first { $0.names == capabilities }?.all ?? Self.all(capabilities)
        if ignoresCache { self.capabilities["meta.ignorecache"] = true }
    }

    /// The sets that most vertices have, made once.
    private static let basic: [(names: [String], all: [String: Bool])] = {
        [["file.base"], plainStep, ["source.image"]].map { ($0, all($0)) }
    }()

    /// The capabilities of a step without options.
    static let plainStep = ["exec.meta.base", "exec.meta.setsdefaultpath", "exec.mount.bind"]

    private static func all(_ capabilities: [String]) -> [String: Bool] {
        Dictionary((capabilities + ["constraints", "platform", "meta.description"]).map { ($0, true) }) { first, _ in
            first
        }
    }
}
