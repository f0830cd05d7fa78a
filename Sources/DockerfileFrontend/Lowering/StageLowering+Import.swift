// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel

extension StageLowering {
    /// Remembers what the stage gives; the stage itself stays as it is.
    mutating func lower(_ export: ExportInstruction, _ command: StageCommand) throws(DockerfileError) {
        switch export.item {
        case .copy(let copy):
            let files = copy.files
            var sources: [String] = []
            for source in files.sources {
                sources.append(PathText.destination(try expand(source, command), in: state.workingDirectory))
            }
            state.exports.append(
                .copy(
                    sources: sources,
                    destination: PathText.destination(
                        try expand(files.destination, command),
                        in: state.workingDirectory
                    ),
                    owner: try files.owner.map { word throws(DockerfileError) in try expand(word, command) } ?? "",
                    mode: try files.mode.map { word throws(DockerfileError) in try expand(word, command) } ?? "",
                    excludes: files.excludes.map(\.text),
                    parents: copy.keepsParents
                )
            )
        case .env(let env):
            for (name, value) in try expand(env.variables, command) {
                state.exports.append(.env(name: name, value: value))
            }
        case .label(let label):
            for (name, value) in try expand(label.labels, command) {
                state.exports.append(.label(name: name, value: value))
            }
        case .diff: state.exports.append(.diff(layers: state.startLayerCount))
        }
        state.image.container.labels[ExportLabel.name] = ExportLabel.text(state.exports)
    }

    /// Replays what a stage or an image gives, in order.
    mutating func lower(_ value: ImportInstruction, _ command: StageCommand) throws(DockerfileError) {
        guard let source = command.sources.first ?? nil, let other = target.states[source] else { return }
        let exports = try exports(of: source, value, command)
        let prefix = try value.environmentPrefix.map { word throws(DockerfileError) in try expand(word, command) } ?? ""
        let origin = value.from.text
        stepNumber += 1
        for export in exports {
            switch export {
            case .copy(let sources, let destination, let owner, let mode, let excludes, let parents):
                var transfer = FileTransfer()
                transfer.sources = sources.map { Word(text: $0, span: value.from.span) }
                transfer.destination = destination
                transfer.owner = owner
                transfer.writtenMode = mode
                transfer.mode = FileMode(mode)
                transfer.excludes = excludes
                transfer.keepsParents = parents
                for path in Self.paths(sources, destination) { noteImport("the path '\(path)'", origin, command) }
                try replay(
                    transfer,
                    from: other.root,
                    what: "COPY \(sources.joined(separator: " ")) \(destination)",
                    value,
                    command
                )
            case .env(let name, let text):
                noteImport("the variable '\(prefix + name)'", origin, command)
                setEnvironment(prefix + name, text)
                record("ENV \(prefix)\(name)=\(text)")
            case .label(let name, let text):
                noteImport("the label '\(name)'", origin, command)
                state.image.container.labels[name] = text
                record("LABEL \(name)=\(text)")
            case .diff(let layers): try replayDifference(other, source, layers, value, command)
            }
        }
    }

    private func exports(of source: Int, _ value: ImportInstruction, _ command: StageCommand) throws(DockerfileError)
        -> [ExportedItem]
    {
        guard let other = target.states[source] else { return [] }
        let exports: [ExportedItem]
        if target.graph.nodes[source].isBuilt {
            exports = other.exports
        } else {
            guard let found = ExportLabel.items(other.image.container.labels[ExportLabel.name] ?? "[]") else {
                throw command.error(
                    "the exports of '\(value.from.text)' can't be read",
                    at: value.from.span,
                    advice: "build it again",
                    in: target.file
                )
            }
            exports = found
        }
        if exports.isEmpty {
            throw command.error(
                "'\(value.from.text)' exports nothing",
                at: value.from.span,
                advice: "add EXPORT to it, or use COPY --from",
                in: target.file
            )
        }
        return exports
    }

    /// The paths that a copy gives: the destination itself, or what is put into it.
    private static func paths(_ sources: [String], _ destination: String) -> [String] {
        guard destination.hasSuffix("/") || sources.count > 1 else { return [destination] }
        return sources.map { PathText.join(destination, PathText.base($0)) }
    }

    private mutating func noteImport(_ what: String, _ origin: String, _ command: StageCommand) {
        if let before = imported.updateValue(origin, forKey: what), before != origin {
            warn(.importConflict, "IMPORT \(origin) gives \(what), which IMPORT \(before) gave before", command)
        }
    }

    private mutating func replay(
        _ transfer: FileTransfer,
        from tree: Int?,
        what: String,
        _ value: ImportInstruction,
        _ command: StageCommand
    )
        throws(DockerfileError)
    {
        var actions = FileActions(root: state.root)
        var plain = CopyAction(source: "/", destination: transfer.destination)
        plain.createsDestinationPath = true
        plain.excludePatterns = transfer.excludes
        if !transfer.owner.isEmpty { plain.owner = Self.ownership(transfer.owner, base: actions.lookup) }
        switch transfer.mode {
        case .octal(let bits): plain.mode = bits
        case .symbolic(let text): (plain.mode, plain.symbolicMode) = (0, text)
        case nil: break
        }
        for source in transfer.sources { addImported(source.text, plain, transfer.keepsParents, tree, to: &actions) }
        plan(actions, "IMPORT \(value.from.text): \(what)", command)
    }

    private func addImported(
        _ source: String,
        _ plain: CopyAction,
        _ keepsParents: Bool,
        _ tree: Int?,
        to actions: inout FileActions
    ) {
        var copy = plain
        copy.source = PathText.clean(source)
        if keepsParents {
            copy.includePatterns = [String(copy.source.dropFirst())]
            copy.source = "/"
        }
        copy.followsSymlink = true
        copy.copiesDirectoryContents = true
        copy.allowsWildcard = true
        copy.allowsEmptyWildcard = true
        actions.copy(copy, from: tree)
    }

    private mutating func plan(_ actions: FileActions, _ text: String, _ command: StageCommand) {
        let name = stepName(text, command, again: true)
        state.root = target.plan.add(
            actions.operation,
            inputs: actions.inputs,
            metadata: VertexMetadata(name: name, capabilities: actions.capabilities, ignoresCache: node.ignoresCache),
            lines: command.lines
        )
        record(text, hasLayer: true, isBuilt: true)
    }

    /// Copies what steps changed: the difference of two trees, so that scattered files come along.
    private mutating func replayDifference(
        _ other: StageState,
        _ source: Int,
        _ layers: Int,
        _ value: ImportInstruction,
        _ command: StageCommand
    ) throws(DockerfileError) {
        guard let upper = other.root else { return }
        let lower = target.graph.nodes[source].isBuilt ? other.startRoot : lowerPart(of: other, layers)
        let inputs = lower.map { [$0, upper] } ?? [upper]
        let difference = target.plan.add(
            .diff(DiffOperation(lower: lower.map { _ in 0 }, upper: inputs.count - 1)),
            inputs: inputs,
            metadata: VertexMetadata(name: "[internal] what changed in \(value.from.text)", capabilities: ["diffop"])
        )
        var actions = FileActions(root: state.root)
        var copy = CopyAction(source: "/", destination: "/")
        copy.copiesDirectoryContents = true
        copy.createsDestinationPath = true
        actions.copy(copy, from: difference)
        noteImport("the difference", value.from.text, command)
        plan(actions, "IMPORT \(value.from.text): DIFF", command)
    }

    /// The lowest layers of an image.
    private mutating func lowerPart(of other: StageState, _ layers: Int) -> Int? {
        guard layers > 0, let image = other.base else { return nil }
        return target.plan.add(
            .source(
                SourceOperation(
                    identifier: "docker-image://\(image.reference.named)@\(image.digest)",
                    attributes: [SourceAttribute.imageLayerLimit: "\(layers)"]
                )
            ),
            platform: other.platform,
            metadata: VertexMetadata(
                name: "[internal] base of \(image.reference.familiar)",
                capabilities: ["source.image", "source.image.layerlimit"]
            )
        )
    }
}

/// The exports of a stage as a label of its image.
///
/// A JSON array of objects, whose `kind` is `copy`, `env`, `label` or `diff`: `Docs/import-export.md`.
enum ExportLabel {
    static let name = "dev.reel.exports"

    static func text(_ items: [ExportedItem]) -> String {
        JSONValue.array(items.map(json)).canonicalText
    }

    private static func json(_ item: ExportedItem) -> JSONValue {
        switch item {
        case .copy(let sources, let destination, let owner, let mode, let excludes, let parents):
            var members: [String: JSONValue] = [
                "kind": "copy", "sources": JSONValue(sources), "destination": .string(destination),
            ]
            if !owner.isEmpty { members["chown"] = .string(owner) }
            if !mode.isEmpty { members["chmod"] = .string(mode) }
            if !excludes.isEmpty { members["excludes"] = JSONValue(excludes) }
            if parents { members["parents"] = true }
            return .object(members)
        case .env(let name, let value): return ["kind": "env", "name": .string(name), "value": .string(value)]
        case .label(let name, let value): return ["kind": "label", "name": .string(name), "value": .string(value)]
        case .diff(let layers): return ["kind": "diff", "layers": .integer(Int64(layers))]
        }
    }

    /// Reads a label; `nil` where it is malformed.
    static func items(_ text: String) -> [ExportedItem]? {
        guard let elements = (try? JSONValue(parsing: text))?.elements else { return nil }
        let items = elements.compactMap(item)
        return items.count == elements.count ? items : nil
    }

    private static func item(_ json: JSONValue) -> ExportedItem? {
        switch json["kind"]?.text {
        case "copy":
            guard let sources = json["sources"]?.elements?.compactMap(\.text),
                let destination = json["destination"]?.text
            else { return nil }
            return .copy(
                sources: sources,
                destination: destination,
                owner: json["chown"]?.text ?? "",
                mode: json["chmod"]?.text ?? "",
                excludes: json["excludes"]?.elements?.compactMap(\.text) ?? [],
                parents: json["parents"]?.boolean ?? false
            )
        case "env", "label":
            guard let name = json["name"]?.text, let value = json["value"]?.text else { return nil }
            return json["kind"]?.text == "env" ? .env(name: name, value: value) : .label(name: name, value: value)
        case "diff": return json["layers"]?.integer.map { .diff(layers: Int($0)) }
        default: return nil
        }
    }
}
