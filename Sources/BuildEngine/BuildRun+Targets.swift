// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import DockerfileFrontend
import EventStorage
import LLB
import Layers
import OCIModel
import PathPatterns
import SystemPackage

extension BuildRun {
    /// The graphs to solve, from the frontend or from the record, each with its `definition.loaded` event.
    func loadTargets() async throws -> [BuildTarget] {
        if let recorded, usesRecordedGraph {
            for event in recorded.definitions { log.append(.definitionLoaded(event), build: id) }
            return recorded.targets
        }
        switch request.frontend {
        case .dockerfile(let name, let bytes): return try await lower(name: name, bytes: bytes)
        case .llb(let bytes):
            let definition = try Definition(decoding: bytes, allowingEmpty: true)
            try Self.refuseCredentials(in: definition)
            let target = BuildTarget(platform: .compiled, definition: definition)
            try await load(target, dockerfile: nil)
            return [target]
        }
    }

    /// Refuses a graph that has a password in a URL, before it is stored.
    private static func refuseCredentials(in definition: Definition) throws {
        for vertex in definition.vertices {
            guard case .source(let source) = vertex.operation else { continue }
            for text in [source.identifier, source.attributes[SourceAttribute.gitFullURL] ?? ""] {
                let (plain, userInfo) = URLUserInfo.split(text)
                guard let userInfo, userInfo.password != nil || text.hasPrefix("http") else { continue }
                throw SourceResolutionError.credentials(plain)
            }
        }
    }

    private func lower(name: String, bytes: [UInt8]?) async throws -> [BuildTarget] {
        let context = try await Offload.run { try mainContext() }
        let source = try context.dockerfile(name: name, bytes: bytes)
        let found = try context.ignoreFile(dockerfile: name, given: request.ignoreFiles["context"])
        let ignore = found?.rules
        let ignoreRecord = try found.map { IgnoreFileRecord(name: $0.name, blob: try layers.blobs.put($0.bytes)) }
        let result = try await DockerfileFrontend.lower(
            try frontendRequest(source, name: name, ignore: ignore),
            images: FrontendImages(run: self)
        )
        for warning in result.warnings {
            log.append(.fallback(Fallback(subject: "lint", reason: warning.description)), build: id)
        }
        for stage in result.skipped {
            log.append(.stepSkipped(StepSkipped(name: "stage '\(stage.name)'", reason: stage.reason)), build: id)
        }
        for argument in result.unusedBuildArguments {
            let reason = "the build argument was given and no ARG of this name uses it"
            log.append(.fallback(Fallback(subject: "build-arg \(argument)", reason: reason)), build: id)
        }
        // Kept only now: the frontend refuses what must not be stored, such as a password in a URL.
        let dockerfile = try layers.blobs.put(source)
        var targets: [BuildTarget] = []
        for lowered in result.platforms {
            let target = BuildTarget(
                platform: lowered.platform,
                definition: lowered.definition,
                config: lowered.config,
                baseLayers: lowered.base?.config.diffIDs.count ?? 0,
                ignoreFile: ignoreRecord
            )
            try await load(target, dockerfile: dockerfile)
            targets.append(target)
        }
        return targets
    }

    private func mainContext() throws -> ContextFiles {
        if let remoteContext { return remoteContext.files }
        guard let path = request.contexts["context"] else { return .none }
        switch try archives.content(of: path, in: layers) {
        case .tar(let layer): return .tar(try layers.bareView(layer))
        case .dockerfile(let bytes): return .dockerfile(bytes)
        case nil: return .directory(FilePath(path))
        }
    }

    /// The ignore rules of a named context: the file that was named for it, else its own `.dockerignore`.
    private func excludes(ofContext name: String, at directory: String) throws -> [String] {
        let context = ContextFiles.directory(FilePath(directory))
        let found = try context.ignoreFile(dockerfile: "", given: request.ignoreFiles[name])
        return found?.rules.texts ?? []
    }

    private func frontendRequest(_ source: [UInt8], name: String, ignore: IgnoreFile?) throws -> DockerfileRequest {
        var lowering = DockerfileRequest(source: source, fileName: name, buildPlatforms: [.compiled])
        if let remoteContext { lowering.context = .git(remoteContext.url) }
        lowering.target = request.target
        lowering.buildArguments = request.buildArguments
        lowering.environment = engine.environment.variables
        lowering.targetPlatforms = request.platforms
        lowering.isMultiPlatform = request.platforms.count > 1
        for (context, value) in request.namedContexts {
            lowering.namedContexts[context] = ContextSource(parsing: value, name: context)
            if let directory = request.contexts[context] {
                lowering.namedContextExcludes[context] = try excludes(ofContext: context, at: directory)
            }
        }
        lowering.labels = request.labels
        if request.noCache {
            lowering.noCache = .everything
        } else if !request.noCacheStages.isEmpty {
            lowering.noCache = .stages(Set(request.noCacheStages))
        }
        lowering.network =
            switch request.network {
            case "none": .none
            case "host": .host
            default: .sandbox
            }
        lowering.extraHosts = request.extraHosts.map { .init(host: $0.name, address: $0.address) }
        lowering.ulimits = request.ulimits.map { .init(name: $0.name, soft: $0.soft, hard: $0.hard) }
        lowering.shmSize = request.shmSize ?? 0
        lowering.entitlements = request.allowed
        lowering.contextExcludes = ignore?.texts ?? []
        lowering.created = created
        if request.reproducible, case .clamp(let epoch) = request.timestamps { lowering.epochInEnvironment = epoch }
        return lowering
    }

    /// What images and their history give as their time of creation.
    var created: Timestamp {
        switch request.timestamps {
        case .clamp(let epoch): Timestamp(seconds: epoch)
        case .keep: engine.environment.clock.now()
        }
    }

    var images: ImageStore { ImageStore(log: engine.log, blobs: engine.layers.blobs) }

    var lastPin: @Sendable (String) throws -> String? {
        let log = engine.log
        return { try log.lastPin(of: $0)?.pin }
    }

    private func load(_ target: BuildTarget, dockerfile: ContentDigest?) async throws {
        let blobs = layers.blobs
        let encoded = target.definition?.encoded ?? []
        let event = DefinitionLoaded(
            definition: try blobs.put(encoded),
            config: try target.config.map { try blobs.put($0.json.canonicalBytes) },
            platform: target.platform.description,
            dockerfile: dockerfile,
            vertices: target.definition?.vertices.count ?? 0
        )
        log.append(.definitionLoaded(event), build: id)
    }
}

extension IgnoreFile {
    /// The rules as an LLB definition has them.
    var texts: [String] { patterns.map { String(decoding: $0, as: UTF8.self) } }
}
