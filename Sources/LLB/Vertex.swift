// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An output of a vertex.
public struct VertexInput: Hashable, Sendable {
    /// The vertex.
    public var digest: ContentDigest
    /// Which of its outputs, from 0.
    public var index: Int

    /// Makes one.
    public init(digest: ContentDigest, index: Int = 0) {
        self.digest = digest
        self.index = index
    }
}

/// A node of the graph, named by the SHA-256 of its serialized bytes.
public struct Vertex: Hashable, Sendable, Identifiable {
    /// The SHA-256 of `bytes`, which BuildKit's tools print for it too.
    public let digest: ContentDigest
    /// The serialized operation, exactly as it came or as it was made.
    public let bytes: [UInt8]
    /// What it reads.
    public let inputs: [VertexInput]
    /// What it does.
    public let operation: VertexOperation
    /// The system that its result is for, in normal form; `nil` where it says none.
    public let platform: Platform?
    /// Filters that choose a worker.
    public let constraints: [String]
    /// What the definition says about it beside its digest.
    public var metadata: VertexMetadata
    /// The places of the source text that it comes from.
    public var locations: [SourceLocation]

    /// The digest.
    public var id: ContentDigest { digest }

    /// The name for people: the custom name where there is one, else the operation's summary.
    public var name: String { metadata.customName ?? operation.summary }
}

/// What a definition says about a vertex beside its digest.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `OpMetadata`.
public struct VertexMetadata: Hashable, Sendable {
    /// Whether the vertex runs even where a result of it is known.
    public var ignoresCache: Bool
    /// Text for people.
    public var description: [String: String]
    /// Whether the result goes into an exported cache; `nil` leaves it to the build.
    public var exportsCache: Bool?
    /// Features that a reader must know, all of them `true`.
    public var capabilities: [String: Bool]
    /// Vertices that a display shows as one.
    public var progressGroup: ProgressGroup?
    /// Limits of a step, which its cache key leaves out.
    public var resources: ResourceAllowance?

    /// Makes metadata; what is not named here is empty.
    public init(description: [String: String] = [:], ignoresCache: Bool = false) {
        self.ignoresCache = ignoresCache
        self.description = description
        exportsCache = nil
        capabilities = [:]
        progressGroup = nil
        resources = nil
    }

    /// The vertex's name as its author gave it; `nil` where none was given.
    public var customName: String? {
        get { description["llb.customname"] }
        set { description["llb.customname"] = newValue }
    }
}

/// Vertices that a display shows as one.
public struct ProgressGroup: Hashable, Sendable {
    /// What sets it apart.
    public var id: String
    /// What is shown.
    public var name: String
    /// Whether another group that a vertex is in goes first.
    public var isWeak: Bool

    /// Makes one.
    public init(id: String, name: String, isWeak: Bool = false) {
        self.id = id
        self.name = name
        self.isWeak = isWeak
    }
}

/// Limits of a step; 0 and empty texts set none.
public struct ResourceAllowance: Hashable, Sendable {
    /// Bytes of memory.
    public var memory: Int64
    /// Bytes of memory and swap together.
    public var memoryAndSwap: Int64
    /// Relative weight on the processors.
    public var cpuShares: UInt64
    /// The period that `cpuQuota` counts in, in microseconds.
    public var cpuPeriod: UInt64
    /// Processor time in each period, in microseconds.
    public var cpuQuota: Int64
    /// Processors, such as `0-3`.
    public var cpus: String
    /// Memory nodes, such as `0,1`.
    public var memoryNodes: String

    /// Makes one.
    public init(
        memory: Int64 = 0,
        memoryAndSwap: Int64 = 0,
        cpuShares: UInt64 = 0,
        cpuPeriod: UInt64 = 0,
        cpuQuota: Int64 = 0,
        cpus: String = "",
        memoryNodes: String = ""
    ) {
        self.memory = memory
        self.memoryAndSwap = memoryAndSwap
        self.cpuShares = cpuShares
        self.cpuPeriod = cpuPeriod
        self.cpuQuota = cpuQuota
        self.cpus = cpus
        self.memoryNodes = memoryNodes
    }
}

/// A source text that vertices come from.
public struct SourceText: Hashable, Sendable {
    /// Its name.
    public var filename: String
    /// Its bytes.
    public var data: [UInt8]
    /// Its language, such as `Dockerfile`.
    public var language: String
    /// The definition whose result holds the file, where it is known.
    public var definition: Definition?

    /// Makes one.
    public init(filename: String, data: [UInt8], language: String, definition: Definition? = nil) {
        self.filename = filename
        self.data = data
        self.language = language
        self.definition = definition
    }
}

/// Places within one source text.
public struct SourceLocation: Hashable, Sendable {
    /// Index into `Definition.sources`.
    public var source: Int
    /// The places.
    public var ranges: [SourceRange]

    /// Makes one.
    public init(source: Int, ranges: [SourceRange]) {
        self.source = source
        self.ranges = ranges
    }
}

/// From one position to another, both included.
public struct SourceRange: Hashable, Sendable {
    /// The first.
    public var start: SourcePosition
    /// The last.
    public var end: SourcePosition

    /// Makes one.
    public init(start: SourcePosition, end: SourcePosition) {
        self.start = start
        self.end = end
    }
}

/// A place in a text.
public struct SourcePosition: Hashable, Sendable {
    /// The line, from 1.
    public var line: Int32
    /// The character of the line, from 0.
    public var character: Int32

    /// Makes one.
    public init(line: Int32, character: Int32 = 0) {
        self.line = line
        self.character = character
    }
}
