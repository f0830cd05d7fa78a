// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A key.
public struct StepKeyed: Equatable, Sendable {
    /// The vertex's digest in the definition.
    public var vertex: ContentDigest
    /// What a person calls it, such as `[build 2/4] RUN make`.
    public var name: String
    /// The key.
    public var key: ContentDigest
    /// The blob of the key's preimage: canonical JSON whose digest is the key.
    public var preimage: ContentDigest

    /// Makes the payload.
    public init(vertex: ContentDigest, name: String, key: ContentDigest, preimage: ContentDigest) {
        self.vertex = vertex
        self.name = name
        self.key = key
        self.preimage = preimage
    }
}

/// One output of a step: a snapshot, told as a layer on a parent.
public struct StepResult: Equatable, Hashable, Sendable {
    /// The ChainID below; `nil` for scratch.
    public var parent: ContentDigest?
    /// The DiffID of the layer that was added; `nil` when the result is the parent itself.
    public var diffID: ContentDigest?
    /// The ChainID of the result; `nil` for scratch.
    public var chainID: ContentDigest?
    /// The bytes of the layer's tar.
    public var size: Int64

    /// Makes the payload.
    public init(parent: ContentDigest?, diffID: ContentDigest?, chainID: ContentDigest?, size: Int64) {
        self.parent = parent
        self.diffID = diffID
        self.chainID = chainID
        self.size = size
    }
}

/// A reused result.
public struct StepReused: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// Its key.
    public var key: ContentDigest
    /// The `seq` of the `stepFinished` that gave the result; 0 when it came from an imported cache or from the record of a replay.
    public var producer: Int64
    /// `local`, `record`, or the name of the imported cache.
    public var origin: String
    /// The results, by output index.
    public var results: [StepResult]

    /// Makes the payload.
    public init(vertex: ContentDigest, key: ContentDigest, producer: Int64, origin: String, results: [StepResult]) {
        self.vertex = vertex
        self.key = key
        self.producer = producer
        self.origin = origin
        self.results = results
    }
}

/// The start of a step.
public struct StepStarted: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// Its key.
    public var key: ContentDigest
    /// `exec`, `file`, `merge`, `diff`.
    public var operation: String
    /// The arguments of an exec step.
    public var argv: [String]
    /// The mounts of an exec step, one text each.
    public var mounts: [String]
    /// `none`, `host` or empty for steps without a container.
    public var network: String
    /// The capabilities granted, sorted.
    public var capabilities: [String]
    /// The digest of the seccomp profile; `nil` where none is in force.
    public var seccomp: ContentDigest?
    /// Runtime and its version.
    public var happened: Happened

    /// Makes the payload.
    public init(
        vertex: ContentDigest,
        key: ContentDigest,
        operation: String,
        argv: [String] = [],
        mounts: [String] = [],
        network: String = "",
        capabilities: [String] = [],
        seccomp: ContentDigest? = nil,
        happened: Happened = [:]
    ) {
        self.vertex = vertex
        self.key = key
        self.operation = operation
        self.argv = argv
        self.mounts = mounts
        self.network = network
        self.capabilities = capabilities
        self.seccomp = seccomp
        self.happened = happened
    }
}

/// What a step printed.
public struct StepOutput: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// The blob of the output (see `Docs/events.md` for its form).
    public var blob: ContentDigest
    /// Bytes printed, both streams.
    public var bytes: Int64

    /// Makes the payload.
    public init(vertex: ContentDigest, blob: ContentDigest, bytes: Int64) {
        self.vertex = vertex
        self.blob = blob
        self.bytes = bytes
    }
}

/// The good end of a step.
public struct StepFinished: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// Its key.
    public var key: ContentDigest
    /// The results, by output index.
    public var results: [StepResult]
    /// Duration in ns, CPU time, memory.
    public var happened: Happened

    /// Makes the payload.
    public init(vertex: ContentDigest, key: ContentDigest, results: [StepResult], happened: Happened = [:]) {
        self.vertex = vertex
        self.key = key
        self.results = results
        self.happened = happened
    }
}

/// The bad end of a step.
public struct StepFailed: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// Its key, if it got that far.
    public var key: ContentDigest?
    /// One sentence.
    public var message: String
    /// The exit code of the process, where there was one.
    public var exitCode: Int32?
    /// The signal that ended the process, where one did.
    public var signal: Int32?
    /// Whether the kernel killed it for want of memory.
    public var outOfMemory: Bool
    /// Duration.
    public var happened: Happened

    /// Makes the payload.
    public init(
        vertex: ContentDigest,
        key: ContentDigest?,
        message: String,
        exitCode: Int32? = nil,
        signal: Int32? = nil,
        outOfMemory: Bool = false,
        happened: Happened = [:]
    ) {
        self.vertex = vertex
        self.key = key
        self.message = message
        self.exitCode = exitCode
        self.signal = signal
        self.outOfMemory = outOfMemory
        self.happened = happened
    }
}

/// A step or stage that did not come to run.
public struct StepSkipped: Equatable, Sendable {
    /// What a person calls it, such as `stage 'test'`.
    public var name: String
    /// The vertex, where there is one.
    public var vertex: ContentDigest?
    /// One sentence.
    public var reason: String

    /// Makes the payload.
    public init(name: String, vertex: ContentDigest? = nil, reason: String) {
        self.name = name
        self.vertex = vertex
        self.reason = reason
    }
}

/// The use of a secret.
public struct SecretUsed: Equatable, Sendable {
    /// The vertex.
    public var vertex: ContentDigest
    /// The secret's id.
    public var id: String

    /// Makes the payload.
    public init(vertex: ContentDigest, id: String) {
        self.vertex = vertex
        self.id = id
    }
}
