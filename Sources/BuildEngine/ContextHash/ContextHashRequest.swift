// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import BuildSources
import DockerfileFrontend
public import EventStorage
import LLB
public import Layers
public import PathPatterns
public import SystemPackage

/// A directory whose hash is asked for, without a build.
public struct ContextHashRequest: Sendable {
    /// The directory, absolute.
    public var directory: FilePath
    /// The Dockerfile, relative to the directory unless it is absolute; it need not be there without a target.
    public var dockerfile: String
    /// An ignore file that counts in place of the context's own, absolute.
    public var ignoreFile: String?
    /// The stage whose reach counts; `nil` for all that the ignore rules leave.
    public var target: String?
    /// Build arguments, which may have a say in what a stage copies.
    public var buildArguments: [String: String?] = [:]
    /// Where the stat caches are; `nil` for none.
    public var statDirectory: FilePath?
    /// Whether every file is read, whatever the stat cache says.
    public var verifies = false

    /// Asks for the whole directory.
    public init(directory: FilePath, dockerfile: String) {
        self.directory = directory
        self.dockerfile = dockerfile
    }

    /// Reads the directory.
    ///
    /// - Parameters:
    ///   - images: The store that base images are looked up in; an image that is not there counts as an empty one.
    ///   - environment: The machine.
    /// - Throws: `ContextError`, `PatternError`, and the faults of a Dockerfile where a target is named.
    public func read(
        images: (log: EventLog, blobs: BlobStore)?,
        environment: EngineEnvironment
    ) async throws -> HashedContext {
        let ignore = try foundIgnoreFile()
        var options = LocalContextOptions(
            ignore: ignore?.rules.rules,
            verify: verifies,
            makesLayer: false,
            parallelism: environment.processors
        )
        var definitions: [Definition]?
        var isRead = true
        let resolver = KnownImages(store: images.map { ImageStore(log: $0.log, blobs: $0.blobs) })
        if let target {
            let graphs = try await lower(target, ignore: ignore?.rules, images: resolver, environment: environment)
            let followed = try Self.followed(graphs)
            options.followPaths = followed ?? []
            isRead = followed != nil
            definitions = graphs
        }
        let reader = LocalContextReader(layers: nil, statDirectory: statDirectory)
        let (directory, chosen) = (directory, options)
        var manifest = ContextManifest(entries: [])
        if isRead { manifest = try await Offload.run { try reader.read(root: directory, options: chosen).manifest } }
        if let definitions { manifest = ContextReach(definitions: definitions, name: "context").apply(to: manifest) }
        let isInside = DockerfilePath.inContext(dockerfile) != nil
        return HashedContext(
            counting: manifest,
            contents: try DirectoryContents(root: directory),
            ignoreFile: ignore?.name,
            dockerfile: (dockerfile, isInside ? try ContextFiles.read(directory.appending(dockerfile)) : nil),
            unknownImages: resolver.unknown
        )
    }

    /// The ignore rules in force; `nil` where there are none.
    public func rules() throws -> IgnoreFile? { try foundIgnoreFile()?.rules }

    /// All that the ignore rules leave, in byte order, as a build reads it; blocks.
    public func entries() throws -> [ContextEntry] {
        let options = LocalContextOptions(ignore: try rules()?.rules, makesLayer: false)
        return try LocalContextReader(layers: nil, statDirectory: statDirectory).read(root: directory, options: options)
            .manifest.entries
    }

    private var files: ContextFiles { .directory(directory) }

    private func foundIgnoreFile() throws -> FoundIgnoreFile? {
        try files.ignoreFile(dockerfile: dockerfile, given: ignoreFile)
    }

    private func lower(
        _ target: String,
        ignore: IgnoreFile?,
        images: KnownImages,
        environment: EngineEnvironment
    ) async throws -> [Definition] {
        let source = try files.dockerfile(name: dockerfile, bytes: nil)
        var request = DockerfileRequest(source: source, fileName: dockerfile, buildPlatforms: [.compiled])
        request.target = target
        request.buildArguments = buildArguments
        request.environment = environment.variables
        request.entitlements = ["network.host", "security.insecure"]
        request.contextExcludes = ignore?.texts ?? []
        return try await DockerfileFrontend.lower(request, images: images).platforms.compactMap(\.definition)
    }

    /// The paths that the graphs read of the context: none for everything, `nil` where nothing reads it.
    private static func followed(_ definitions: [Definition]) throws -> [String]? {
        var paths: [String]?
        for vertex in definitions.flatMap(\.vertices) {
            guard case .source(let source) = vertex.operation, source.scheme == "local", source.locator == "context"
            else { continue }
            guard let text = source.attributes[SourceAttribute.localFollowPaths] else { return [] }
            paths = try (paths ?? []) + (JSONValue(parsing: text).elements?.compactMap(\.text) ?? [])
        }
        return paths
    }
}
