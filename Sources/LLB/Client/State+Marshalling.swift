// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension State {
    /// The definition of this state and all that it is made of.
    ///
    /// The same state gives the same bytes.
    ///
    /// - Parameters:
    ///   - platform: The system that images are for and programs run for, where they say none.
    ///   - localUniqueID: Text that sets this client's local sources apart from another's.
    /// - Throws: `StateError` for what can't be written, `LLBError` for what can't be read.
    public func marshal(platform: Platform = .compiled, localUniqueID: String = "") throws -> Definition {
        guard let output else { return try DefinitionBuilder().finish(output: nil) }
        var marshaller = StateMarshaller(platform: platform, localUniqueID: localUniqueID)
        return try marshaller.definition(of: output)
    }
}

/// Writes states as vertices.
struct StateMarshaller {
    let platform: Platform
    let localUniqueID: String
    private var builder = DefinitionBuilder()
    private var made: [ObjectIdentifier: VertexInput] = [:]
    private var closingCapabilities: Set<String> = ["constraints", "platform"]

    init(platform: Platform, localUniqueID: String) {
        self.platform = platform
        self.localUniqueID = localUniqueID
    }

    mutating func definition(of output: StateOutput) throws -> Definition {
        var path: [(node: StateNode, inputs: ArraySlice<StateOutput>)] = [(output.node, output.node.inputs[...])]
        while let (node, waiting) = path.popLast() {
            var inputs = waiting
            if let next = inputs.popFirst() {
                path.append((node, inputs))
                if made[ObjectIdentifier(next.node)] == nil { path.append((next.node, next.node.inputs[...])) }
            } else if made[ObjectIdentifier(node)] == nil {
                made[ObjectIdentifier(node)] = try add(node)
            }
        }
        return try builder.finish(output: input(output), capabilities: closingCapabilities.sorted())
    }

    /// The input that names an output whose vertex is written.
    func input(_ output: StateOutput) -> VertexInput? {
        made[ObjectIdentifier(output.node)].map { VertexInput(digest: $0.digest, index: output.index) }
    }

    private mutating func add(_ node: StateNode) throws -> VertexInput {
        switch node.kind {
        case .source(let plan):
            if let failure = plan.failure { throw failure }
            var source = SourceOperation(identifier: plan.identifier, attributes: plan.attributes)
            var capabilities = plan.capabilities
            if plan.isLocal {
                source.attributes[SourceAttribute.localUnique] = localUniqueID
                capabilities.append("source.local.unique")
            }
            return add(
                .source(source),
                of: node,
                platform: plan.isPlatformSpecific ? node.options.platform ?? platform : nil,
                capabilities
            )
        case .merge(let outputs):
            let operation = MergeOperation(inputs: Array(outputs.indices))
            return add(.merge(operation), of: node, inputs: outputs.compactMap(input), ["mergeop"])
        case .diff(let lower, let upper):
            let operation = DiffOperation(
                lower: lower == nil ? nil : 0,
                upper: upper == nil ? nil : lower == nil ? 0 : 1
            )
            return add(.diff(operation), of: node, inputs: node.inputs.compactMap(input), ["diffop"])
        case .file(let steps, let state):
            var plan = FilePlan(marshaller: self)
            let operation = try plan.operation(steps, on: state)
            return add(.file(operation), of: node, inputs: plan.inputs, ["file.base"])
        case .run(let plan):
            guard !plan.arguments.isEmpty else { throw StateError.noArguments }
            let (operation, inputs) = plan.operation(self)
            let system = node.options.platform ?? plan.options.settings.platform ?? platform
            return add(.exec(operation), of: node, inputs: inputs, platform: system, plan.capabilities(node.options))
        }
    }

    private mutating func add(
        _ operation: VertexOperation,
        of node: StateNode,
        inputs: [VertexInput] = [],
        platform: Platform? = nil,
        _ capabilities: [String]
    ) -> VertexInput {
        var metadata = node.options.metadata
        for capability in capabilities { metadata.capabilities[capability] = true }
        if metadata.ignoresCache { closingCapabilities.insert("meta.ignorecache") }
        if !metadata.description.isEmpty { closingCapabilities.insert("meta.description") }
        if metadata.exportsCache != nil { closingCapabilities.insert("meta.exportcache") }
        return builder.add(
            operation,
            inputs: inputs,
            platform: platform,
            constraints: node.options.constraints,
            metadata: metadata
        )
    }
}
