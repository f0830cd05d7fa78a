// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import OCIModel

/// One request on its way: parsed, then a graph for each platform, then lowered.
struct FrontendBuild {
    let request: DockerfileRequest
    let dockerfile: Dockerfile
    private let options: LintOptions

    init(_ request: DockerfileRequest) throws(DockerfileError) {
        self.request = request
        dockerfile = try Dockerfile(
            parsing: request.source,
            fileName: request.fileName,
            allowsExtensions: request.allowsExtensions
        )
        guard let check = dockerfile.directives.check else {
            options = LintOptions()
            return
        }
        guard let options = LintOptions(parsing: check.text) else {
            throw dockerfile.file.error(
                "'\(check.text)' is no value of 'check'",
                at: check.span,
                advice: "write skip=RULE,… and error=true, with ; between"
            )
        }
        self.options = options
    }

    private var platforms: [(platform: Platform, isImplicit: Bool)] {
        if !request.targetPlatforms.isEmpty { return request.targetPlatforms.map { ($0, false) } }
        return [(request.buildPlatforms.first ?? .compiled, true)]
    }

    private func linter() -> Linter {
        var lint = Linter(file: dockerfile.file, options: options)
        lint.check(dockerfile)
        return lint
    }

    private func graph(_ platform: Platform, _ isImplicit: Bool, _ lint: Linter) throws(DockerfileError) -> StageGraph {
        var settings = TargetSettings(request, platform: platform, isImplicit: isImplicit, stages: dockerfile.stages)
        try settings.read(dockerfile.globalArguments, in: dockerfile.file, escape: dockerfile.directives.escape)
        return try StageGraph(dockerfile, settings: settings, lint: lint)
    }

    // MARK: Lowering

    func lower(images: some ImageResolving) async throws -> FrontendResult {
        var result = FrontendResult(
            platforms: [],
            warnings: [],
            skipped: [],
            unusedBuildArguments: [],
            syntax: dockerfile.directives.syntax?.text
        )
        var lint = linter()
        let declared = declaredArguments
        var reached: Set<Int> = []
        // Every platform's graph is checked before an image of any is resolved.
        var graphs: [StageGraph] = []
        for (platform, isImplicit) in platforms {
            graphs.append(try graph(platform, isImplicit, lint))
            lint = graphs[graphs.count - 1].lint
        }
        for graph in graphs {
            let lowered = try await lower(graph, from: [graph.target], lint: lint, images: images, isLenient: false)
            lint = lowered.lowering.lint
            reached.formUnion(lowered.reached)
            result.platforms.append(try finish(lowered.lowering, graph.target))
        }
        result.warnings = lint.sorted
        if options.isError, !result.warnings.isEmpty { throw lintFailure(result.warnings) }
        result.skipped = skipped(reached, target: graphs[0])
        result.unusedBuildArguments = request.buildArguments.keys.filter {
            !declared.contains($0) && !TargetSettings.isBuiltIn($0)
        }.sorted()
        return result
    }

    /// The names that an ARG of the file declares, in whatever stage.
    private var declaredArguments: Set<String> {
        var arguments = dockerfile.globalArguments.flatMap(\.arguments)
        for stage in dockerfile.stages {
            for case .arg(let arg) in stage.instructions { arguments.append(contentsOf: arg.arguments) }
        }
        return Set(arguments.map(\.name.text))
    }

    private func lintFailure(_ warnings: [LintWarning]) -> DockerfileError {
        let rules = Set(warnings.map(\.rule)).sorted().joined(separator: ", ")
        return DockerfileError(
            "\(dockerfile.file.name) asks that warnings fail the build, and there are some: \(rules)",
            advice: "mend them, or skip them with # check=skip="
        )
    }

    private func skipped(_ reached: Set<Int>, target graph: StageGraph) -> [SkippedStage] {
        let name = graph.nodes[graph.target].displayName
        return dockerfile.stages.indices.filter { !reached.contains($0) }.map { index in
            SkippedStage(
                name: graph.nodes[index].displayName,
                index: index,
                reason: "the target '\(name)' does not use it",
                position: dockerfile.file.position(graph.nodes[index].span)
            )
        }
    }

    /// Resolves what the nodes need and lowers them.
    private func lower(
        _ graph: StageGraph,
        from targets: [Int],
        lint: Linter,
        images: some ImageResolving,
        isLenient: Bool
    ) async throws -> (lowering: TargetLowering, reached: Set<Int>) {
        var graph = graph
        var resolution = ImageResolution(isLenient: isLenient)
        var reached = graph.reachable(from: targets)
        var expanded: Set<Int> = []
        // Triggers of an image may name further images and stages.
        while true {
            try await resolution.resolve(graph, reached, images: images)
            var readsMore = false
            for number in reached.sorted() where graph.nodes[number].index != nil && expanded.insert(number).inserted {
                let triggers = try resolution.triggers(of: number, in: graph)
                if !triggers.isEmpty, try graph.prepend(triggers, to: number) { readsMore = true }
            }
            reached = graph.reachable(from: targets)
            if !readsMore { break }
        }
        try graph.checkForwardReferences(reached)
        let lowering = try TargetLowering(graph: graph, images: resolution.images, lint: lint)
        for number in graph.order(reached) { try lowering.lower(number) }
        return (lowering, reached)
    }

    private func finish(_ lowering: TargetLowering, _ target: Int) throws -> LoweredTarget {
        let state = lowering.states[target] ?? .empty(lowering.settings.platform)
        lowering.contexts.note("/", of: state.root)
        lowering.contexts.complete(&lowering.plan)
        let source = SourceText(filename: request.fileName, data: request.source, language: "Dockerfile")
        let definition = try lowering.plan.definition(output: state.root, source: source)
        var config = state.image
        for (name, value) in request.labels { config.container.labels[name] = value }
        if !lowering.settings.isImplicit { config.platform = merged(config.platform, lowering.settings.platform) }
        config.created = request.created?.rfc3339
        let node = lowering.graph.nodes[target]
        return LoweredTarget(
            platform: config.platform,
            definition: definition.output == nil ? nil : definition,
            config: config,
            base: state.base,
            stage: node.displayName,
            ignoresCache: node.ignoresCache,
            secrets: lowering.secrets
        )
    }

    /// The platform that was asked for, with the variant and version of the image where those aren't said.
    ///
    /// Source: BuildKit, `convert.go`, `finalizeResultImage`.
    private func merged(_ image: Platform, _ wanted: Platform) -> Platform {
        guard image.os == wanted.os, image.architecture == wanted.architecture else { return wanted }
        var result = image
        if !wanted.variant.isEmpty { result.variant = wanted.variant }
        if !wanted.osVersion.isEmpty { result.osVersion = wanted.osVersion }
        return result
    }

    // MARK: Lint

    func lint(images: some ImageResolving) async throws -> LintReport {
        var lint = linter()
        do {
            for (platform, isImplicit) in platforms {
                let graph = try graph(platform, isImplicit, lint)
                let all = Array(dockerfile.stages.indices)
                let targets = request.target == nil ? all : [graph.target]
                lint = try await lower(graph, from: targets, lint: graph.lint, images: images, isLenient: true).lowering
                    .lint
            }
        } catch let error as DockerfileError {
            return LintReport(warnings: lint.sorted, isError: true, error: error)
        }
        return LintReport(warnings: lint.sorted, isError: options.isError && !lint.sorted.isEmpty, error: nil)
    }
}
