// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel
import PathPatterns

/// Lowers the nodes of a graph, each after those it needs.
///
/// A class, as each stage adds to the one graph and thousands of stages must not copy it.
final class TargetLowering {
    let graph: StageGraph
    let settings: TargetSettings
    /// The images that were resolved, by node.
    let images: [Int: ResolvedImage]
    /// The labels with exports of images that IMPORT names come from `images` too.
    var lint: Linter
    var plan = VertexPlan()
    var contexts = ContextReader()
    var states: [Int: StageState] = [:]
    var secrets: [SecretUse] = []

    let ignored: PatternList?
    let isAlone: Bool

    init(graph: StageGraph, images: [Int: ResolvedImage], lint: Linter) throws(DockerfileError) {
        self.graph = graph
        settings = graph.settings
        self.images = images
        self.lint = lint
        let patterns = settings.request.contextExcludes
        do {
            ignored = patterns.isEmpty ? nil : try PatternList(patterns)
        } catch {
            throw DockerfileError("\(error)")
        }
        let mounts = graph.nodes.contains {
            $0.commands.contains { if case .run(let run) = $0.instruction { !run.mounts.isEmpty } else { false } }
        }
        isAlone = graph.nodes.count == 1 && !mounts
    }

    var file: SourceFile { graph.dockerfile.file }

    /// Lowers a node whose needs are lowered.
    func lower(_ number: Int) throws(DockerfileError) {
        let node = graph.nodes[number]
        var state = try start(number)
        if node.isBuilt {
            // What a base exports is the base's; a stage says itself what it exports.
            state.image.container.labels[ExportLabel.name] = nil
            prepare(&state)
        }
        state.startRoot = state.root
        state.startLayerCount = state.image.history.count { !$0.emptyLayer }
        var lowering = StageLowering(node: node, target: self, state: state)
        lowering.stageName = isAlone ? "" : node.displayName
        // The FROM of an image or a context is the first step that the display counts.
        switch node.origin {
        case .image, .context: lowering.stepNumber = 1
        case .scratch, .stage: break
        }
        for command in node.commands { try lowering.lower(command) }
        states[number] = lowering.state
    }

    // MARK: Where a tree starts

    private func start(_ number: Int) throws(DockerfileError) -> StageState {
        let node = graph.nodes[number]
        switch node.origin {
        case .scratch: return .empty(settings.platform)
        case .stage(let base):
            var state = states[base] ?? .empty(settings.platform)
            state.image.container.onBuild = []
            state.exports = []
            state.hasWorkingDirectory = states[base]?.hasWorkingDirectory ?? false
            return state
        case .image(let reference): return image(number, reference: reference)
        case .context(let name, let source): return try context(number, name: name, source)
        }
    }

    /// The platform that a node's image is resolved for.
    static func platform(of node: StageNode, _ settings: TargetSettings) -> Platform {
        node.platform ?? settings.platform
    }

    private func image(_ number: Int, reference: ImageReference) -> StageState {
        let node = graph.nodes[number]
        let wanted = Self.platform(of: node, settings)
        guard let image = images[number] else { return .empty(wanted) }
        let platform = node.platform == nil && settings.isImplicit ? detected(image.config.platform, wanted) : wanted
        let actual = image.config.platform
        if node.index != nil, actual.os != platform.os || actual.architecture != platform.architecture {
            lint.warn(
                .invalidBaseImagePlatform,
                "Base image \(node.writtenBase) was pulled with platform \(GoText.quoted(actual.description)), expected \(GoText.quoted(platform.description)) for current build",
                at: node.span,
                comments: node.comments
            )
        }
        let pinned = "\(image.reference.named)@\(image.digest)"
        var state = StageState(platform: platform)
        adopt(image, into: &state)
        if !Self.isEmpty(image.config) {
            state.root = plan.add(
                .source(SourceOperation(identifier: "docker-image://\(pinned)")),
                platform: platform,
                metadata: VertexMetadata(
                    name: prefix(node, platform: platform) + "FROM \(pinned)",
                    command: node.code,
                    capabilities: ["source.image"]
                ),
                lines: node.lines
            )
        }
        return state
    }

    /// `[stage 1/5] `, the first step of a stage.
    private func prefix(_ node: StageNode, platform: Platform) -> String {
        let shown = settings.request.isMultiPlatform ? "\(platform) " : ""
        guard node.index != nil, node.stepCount > 0 else { return "" }
        let name = isAlone ? "" : node.displayName + " "
        return "[\(shown)\(name)\(StageLowering.counted(1, of: node.stepCount))] "
    }

    private func detected(_ actual: Platform, _ wanted: Platform) -> Platform {
        if actual.os == wanted.os, actual.architecture == wanted.architecture { return wanted }
        return settings.request.buildPlatforms.first { $0.os == actual.os && $0.architecture == actual.architecture }
            ?? wanted
    }

    private static func isEmpty(_ config: ImageConfig) -> Bool {
        config.diffIDs.isEmpty && config.history.allSatisfy(\.emptyLayer)
    }

    /// Takes over an image's configuration, with as many entries with a layer as it has layers.
    private func adopt(_ image: ResolvedImage, into state: inout StageState) {
        state.base = image
        state.image = image.config
        state.image.created = nil
        state.image.container.onBuild = []
        state.image.diffIDs = []
        let layers = image.config.diffIDs.count
        if layers == 0 { return }
        var entries = state.image.history.count { !$0.emptyLayer }
        for index in state.image.history.indices where entries > layers && !state.image.history[index].emptyLayer {
            state.image.history[index].emptyLayer = true
            entries -= 1
        }
        while entries < layers {
            state.image.history.append(ImageConfig.HistoryEntry(comment: "a layer without history"))
            entries += 1
        }
    }

    private func context(_ number: Int, name: String, _ source: ContextSource) throws(DockerfileError) -> StageState {
        let node = graph.nodes[number]
        let platform = Self.platform(of: node, settings)
        var state = StageState.empty(platform)
        let display = "[context \(name)] "
        switch source {
        case .image(let text):
            guard text != "scratch", let image = images[number] else { return state }
            adopt(image, into: &state)
            let pinned = "\(image.reference.named)@\(image.digest)"
            state.root = plan.add(
                .source(SourceOperation(identifier: "docker-image://\(pinned)")),
                platform: platform,
                metadata: VertexMetadata(name: display + text, capabilities: ["source.image"])
            )
        case .ociLayout(let layout, _):
            guard let image = images[number] else { return state }
            adopt(image, into: &state)
            state.root = plan.add(
                .source(
                    SourceOperation(
                        identifier: "oci-layout://\(image.reference.named)@\(image.digest)",
                        attributes: [SourceAttribute.layoutStore: layout]
                    )
                ),
                platform: platform,
                metadata: VertexMetadata(name: display + "OCI load from client", capabilities: ["source.ocilayout"])
            )
        default: state.root = try tree(of: source, name: name, display: display)
        }
        return state
    }

    /// The vertex of a context that is no image.
    func tree(of source: ContextSource, name: String, display: String) throws(DockerfileError) -> Int? {
        switch source {
        case .local(let local):
            let isMain = settings.request.context == source && display.hasPrefix("[internal]")
            return contexts.local(
                local,
                excludes: isMain ? settings.request.contextExcludes : settings.request.namedContextExcludes[name] ?? [],
                display: isMain ? display + "load build context" : display + "load from client",
                plan: &plan
            )
        case .git(let url):
            let (operation, capabilities) = try ContextSource.gitOperation(url, context: name)
            return plan.add(
                .source(operation),
                metadata: VertexMetadata(
                    name: display + "load git source \(URLUserInfo.redacted(url))",
                    capabilities: capabilities
                )
            )
        case .http(let url):
            return plan.add(
                .source(SourceOperation(identifier: url, attributes: [SourceAttribute.httpFilename: "context"])),
                metadata: VertexMetadata(name: display + url, capabilities: ["source.http"])
            )
        case .image, .ociLayout, .stage:
            throw DockerfileError("the context '\(name)' can't be an image or a stage here")
        }
    }

    /// The main context, as COPY without --from reads it.
    func mainContext() throws(DockerfileError) -> Int? {
        let display = "[internal] "
        let vertex = try tree(of: settings.request.context, name: "context", display: display)
        if case .git = settings.request.context, !settings.request.contextExcludes.isEmpty, let vertex {
            return withoutIgnored(vertex, display: display)
        }
        guard case .http = settings.request.context, let vertex else { return vertex }
        // What the URL gives is an archive; a lone Dockerfile is for the engine to notice.
        var copy = CopyAction(source: "/context", destination: "/")
        copy.unpacksArchive = true
        let action = FileAction(base: nil, source: .input(0), output: 0, change: .copy(copy))
        return plan.add(
            .file(FileOperation(actions: [action])),
            inputs: [vertex],
            metadata: VertexMetadata(name: display + "unpack build context", capabilities: ["file.base"])
        )
    }

    /// A repository's files without those that its ignore rules keep out, as a local context would have them.
    private func withoutIgnored(_ vertex: Int, display: String) -> Int {
        var copy = CopyAction(source: "/", destination: "/")
        copy.copiesDirectoryContents = true
        copy.excludePatterns = settings.request.contextExcludes
        let action = FileAction(base: nil, source: .input(0), output: 0, change: .copy(copy))
        return plan.add(
            .file(FileOperation(actions: [action])),
            inputs: [vertex],
            metadata: VertexMetadata(
                name: display + "apply .dockerignore",
                capabilities: ["file.base", "file.copy.includeexcludepatterns"]
            )
        )
    }

    /// Makes sure of a search path, and gives steps the image's variables.
    private func prepare(_ state: inout StageState) {
        if state.image.container.environmentValue("PATH") == nil {
            state.image.container.env.append("PATH=\(StageState.defaultPath)")
        }
        for entry in state.image.container.env {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            state.environment.set(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        if !state.image.container.workingDir.isEmpty {
            let directory = PathText.workingDirectory(state.image.container.workingDir, in: "/")
            state.image.container.workingDir = directory
            state.workingDirectory = directory
        }
        if !state.image.container.user.isEmpty { state.user = state.image.container.user }
    }
}

extension ImageReference {
    /// The name without digest, with its tag.
    var named: String { "\(registry)/\(repository)" + (tag.map { ":\($0)" } ?? "") }
}
