// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Volatile facts, free-form: numbers and texts that no key, recording or comparison looks at.
public typealias Happened = [String: JSONValue]

/// The request of a build.
public struct BuildStarted: Equatable, Sendable {
    /// `dockerfile`, `llb` or `recording`.
    public var frontend: String
    /// All that the person chose and that bears on the result: `target`, `platform`, `timestamps`, `build-arg:X`, `label:X`, ….
    public var options: [String: String]
    /// The names to give to the result.
    public var tags: [String]
    /// reel's version.
    public var engine: String
    /// The number of the rules by which steps are executed and keyed; it is part of each key.
    public var semantics: Int
    /// The platform that builds, `os/arch`.
    public var platform: String
    /// The build that this one replays, repeats or resumes, with how: `replay`, `rerun`, `resume`.
    public var of: BuildID?
    /// How it relates to `of`.
    public var relation: String?
    /// Host, pid, command line, working directory.
    public var happened: Happened

    /// Makes the payload.
    public init(
        frontend: String,
        options: [String: String],
        tags: [String],
        engine: String,
        semantics: Int,
        platform: String,
        of: BuildID? = nil,
        relation: String? = nil,
        happened: Happened = [:]
    ) {
        self.frontend = frontend
        self.options = options
        self.tags = tags
        self.engine = engine
        self.semantics = semantics
        self.platform = platform
        self.of = of
        self.relation = relation
        self.happened = happened
    }
}

/// The graph of a build.
public struct DefinitionLoaded: Equatable, Sendable {
    /// The blob of the serialized `pb.Definition`.
    public var definition: ContentDigest
    /// The blob of the image configuration as the frontend made it, without DiffIDs; `nil` for plain LLB.
    public var config: ContentDigest?
    /// The platform of the result, `os/arch`.
    public var platform: String
    /// The blob of the Dockerfile; `nil` for plain LLB.
    public var dockerfile: ContentDigest?
    /// How many vertices the result needs.
    public var vertices: Int

    /// Makes the payload.
    public init(
        definition: ContentDigest,
        config: ContentDigest?,
        platform: String,
        dockerfile: ContentDigest?,
        vertices: Int
    ) {
        self.definition = definition
        self.config = config
        self.platform = platform
        self.dockerfile = dockerfile
        self.vertices = vertices
    }
}

/// The good end of a build.
public struct BuildFinished: Equatable, Sendable {
    /// The results by platform: the ChainID of the root.
    public var results: [String: ContentDigest]
    /// The manifest digest of the image, where one was made.
    public var image: ContentDigest?
    /// Duration, counts of steps run and reused.
    public var happened: Happened

    /// Makes the payload.
    public init(results: [String: ContentDigest], image: ContentDigest?, happened: Happened = [:]) {
        self.results = results
        self.image = image
        self.happened = happened
    }
}

/// The bad end of a build.
public struct BuildFailed: Equatable, Sendable {
    /// The kind of trouble, which decides the exit code.
    public var fault: FaultKind
    /// One sentence.
    public var message: String
    /// The vertex that failed first, where one did.
    public var vertex: ContentDigest?
    /// Duration.
    public var happened: Happened

    /// Makes the payload.
    public init(fault: FaultKind, message: String, vertex: ContentDigest? = nil, happened: Happened = [:]) {
        self.fault = fault
        self.message = message
        self.vertex = vertex
        self.happened = happened
    }
}

/// The end of a build that a person stopped, or that is found dead.
public struct BuildCancelled: Equatable, Sendable {
    /// `interrupt`, `terminate`, or `found dead` when a later process says it for one that was killed.
    public var reason: String
    /// Duration.
    public var happened: Happened

    /// Makes the payload.
    public init(reason: String, happened: Happened = [:]) {
        self.reason = reason
        self.happened = happened
    }
}
