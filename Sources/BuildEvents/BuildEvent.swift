// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// One fact about a build or about the store, recorded once it is true and never edited.
///
/// Payloads separate what a build *is* from what merely happened: members that other machines or other days would give
/// otherwise stand in `Happened` values (durations, process ids, host names), everything else is semantic.
public enum BuildEvent: Equatable, Sendable {
    /// A build was accepted. Always the first event of a build, and present once.
    case buildStarted(BuildStarted)
    /// The frontend gave its graph. After `buildStarted`, before every step; once for each platform.
    case definitionLoaded(DefinitionLoaded)
    /// A source is about to be resolved.
    case sourceResolving(SourceResolving)
    /// A source string became a pin. Before any step that reads it starts.
    case sourceResolved(SourceResolved)
    /// A local context was read and hashed. Before its `sourceResolved`.
    case contextDigested(ContextDigested)
    /// Something in a context was left out that is not a matter of ignore rules, such as a socket.
    case contextSkipped(ContextSkipped)
    /// A step's key is known. All its inputs have results.
    case stepKeyed(StepKeyed)
    /// A result of an earlier step is used again. After `stepKeyed`; ends the step.
    case stepReused(StepReused)
    /// A step runs. After `stepKeyed`.
    case stepStarted(StepStarted)
    /// All that a step printed. After `stepStarted`, before its end.
    case stepOutput(StepOutput)
    /// A step gave its results. Ends the step.
    case stepFinished(StepFinished)
    /// A step gave none. Ends the step.
    case stepFailed(StepFailed)
    /// A stage or step is not needed or not possible.
    case stepSkipped(StepSkipped)
    /// A step was given a secret; only its id is known here.
    case secretUsed(SecretUsed)
    /// An effect outside the store is about to begin; durable before it does.
    case exportStarted(ExportStarted)
    /// An export is done.
    case exportFinished(ExportFinished)
    /// The build ended well. Always its last event.
    case buildFinished(BuildFinished)
    /// The build failed. Always its last event.
    case buildFailed(BuildFailed)
    /// The person stopped the build. Always its last event.
    case buildCancelled(BuildCancelled)
    /// A replay compared one thing with the record.
    case replayCompared(ReplayCompared)
    /// A cache was read for use.
    case cacheImported(CacheTransfer)
    /// A cache was written.
    case cacheExported(CacheTransfer)
    /// An image is in the store under its names.
    case imageStored(ImageStored)
    /// A name no longer names an image.
    case imageUntagged(ImageUntagged)
    /// A blob that the log names is not there.
    case blobMissing(BlobFault)
    /// A blob does not have the bytes that its digest names.
    case blobCorrupt(BlobFault)
    /// Blobs were removed.
    case blobsPruned(BlobsPruned)
    /// A recording was taken in; its events are read from its blob.
    case recordingImported(RecordingImported)
    /// The head of the log was signed or noted.
    case logCheckpointed(LogCheckpointed)
    /// Events were saved from a damaged log.
    case logRecovered(LogRecovered)
    /// Something was done another way than asked or expected, and why.
    case fallback(Fallback)
    /// A kind that this version does not know, kept as it is.
    case unknown(kind: String, version: Int, body: JSONValue)
}

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
        definition: ContentDigest, config: ContentDigest?, platform: String, dockerfile: ContentDigest?, vertices: Int
    ) {
        self.definition = definition
        self.config = config
        self.platform = platform
        self.dockerfile = dockerfile
        self.vertices = vertices
    }
}

/// A source before it is resolved.
public struct SourceResolving: Equatable, Sendable {
    /// The vertex; `nil` when the frontend asks, before there is a graph.
    public var vertex: ContentDigest?
    /// Such as `docker-image://docker.io/library/debian:12`, `local://context`, credentials removed.
    public var identifier: String

    /// Makes the payload.
    public init(vertex: ContentDigest?, identifier: String) {
        self.vertex = vertex
        self.identifier = identifier
    }
}

/// A source and its pin.
public struct SourceResolved: Equatable, Sendable {
    /// The source string, credentials removed.
    public var identifier: String
    /// `image`, `local`, `git`, `http`, `oci-layout`.
    public var type: String
    /// The immutable identity: a digest or a commit hash.
    public var pin: String
    /// Where the pin came from: `store`, `registry`, `walk`, `remote`, `record`.
    public var how: String
    /// The pin of the last build that resolved the same string, if it was another.
    public var movedFrom: String?
    /// The DiffIDs of the layers that the source gives, lowest first; empty when they are not known yet.
    public var layers: [ContentDigest]
    /// The blobs that a replay needs beside the layers (manifest, configuration).
    public var blobs: [ContentDigest]
    /// More that is part of the identity, such as `subdir`, `ref`.
    public var details: [String: String]
    /// Bytes fetched, depth, duration.
    public var happened: Happened

    /// Makes the payload.
    public init(
        identifier: String,
        type: String,
        pin: String,
        how: String,
        movedFrom: String? = nil,
        layers: [ContentDigest] = [],
        blobs: [ContentDigest] = [],
        details: [String: String] = [:],
        happened: Happened = [:]
    ) {
        self.identifier = identifier
        self.type = type
        self.pin = pin
        self.how = how
        self.movedFrom = movedFrom
        self.layers = layers
        self.blobs = blobs
        self.details = details
        self.happened = happened
    }
}

/// A context as it was read.
public struct ContextDigested: Equatable, Sendable {
    /// The name, such as `context`.
    public var name: String
    /// The digest of the context: that of its manifest.
    public var digest: ContentDigest
    /// The blob of the manifest: every path with its type, mode and content digest.
    public var manifest: ContentDigest
    /// The DiffID of the normalised tar; `nil` when the context is not stored.
    public var layer: ContentDigest?
    /// Regular files, hard links included.
    public var files: Int
    /// Their bytes.
    public var bytes: Int64
    /// The blob of the ignore rules in force; `nil` when there are none.
    public var ignoreRules: ContentDigest?
    /// Duration, files read anew.
    public var happened: Happened

    /// Makes the payload.
    public init(
        name: String,
        digest: ContentDigest,
        manifest: ContentDigest,
        layer: ContentDigest?,
        files: Int,
        bytes: Int64,
        ignoreRules: ContentDigest? = nil,
        happened: Happened = [:]
    ) {
        self.name = name
        self.digest = digest
        self.manifest = manifest
        self.layer = layer
        self.files = files
        self.bytes = bytes
        self.ignoreRules = ignoreRules
        self.happened = happened
    }
}

/// Something left out of a context.
public struct ContextSkipped: Equatable, Sendable {
    /// The context's name.
    public var name: String
    /// The path in it.
    public var path: String
    /// Why, such as `socket`.
    public var reason: String

    /// Makes the payload.
    public init(name: String, path: String, reason: String) {
        self.name = name
        self.path = path
        self.reason = reason
    }
}

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
    /// The `seq` of the `stepFinished` that gave the result; 0 when it came from an imported cache.
    public var producer: Int64
    /// `local` or the name of the imported cache.
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

/// The intent of an export.
public struct ExportStarted: Equatable, Sendable {
    /// `oci`, `docker`, `tar`, `local`, `image`, `registry`, `containerd`.
    public var exporter: String
    /// The options, without the destination.
    public var options: [String: String]
    /// The destination.
    public var happened: Happened

    /// Makes the payload.
    public init(exporter: String, options: [String: String], happened: Happened = [:]) {
        self.exporter = exporter
        self.options = options
        self.happened = happened
    }
}

/// A finished export.
public struct ExportFinished: Equatable, Sendable {
    /// As in `ExportStarted`.
    public var exporter: String
    /// What came out, by role: `manifest`, `config`, `index`, `tar`, ….
    public var digests: [String: ContentDigest]
    /// The names given.
    public var names: [String]
    /// Duration, bytes.
    public var happened: Happened

    /// Makes the payload.
    public init(exporter: String, digests: [String: ContentDigest], names: [String], happened: Happened = [:]) {
        self.exporter = exporter
        self.digests = digests
        self.names = names
        self.happened = happened
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

/// One comparison of a replay.
public struct ReplayCompared: Equatable, Sendable {
    /// The build that was recorded.
    public var original: BuildID
    /// What was compared: a vertex, or `nil` for a configuration or manifest.
    public var vertex: ContentDigest?
    /// `diffID`, `chainID`, `config`, `manifest`.
    public var subject: String
    /// What the record says.
    public var expected: String
    /// What the replay gave.
    public var actual: String
    /// Whether both are equal.
    public var identical: Bool

    /// Makes the payload.
    public init(
        original: BuildID, vertex: ContentDigest?, subject: String, expected: String, actual: String, identical: Bool
    ) {
        self.original = original
        self.vertex = vertex
        self.subject = subject
        self.expected = expected
        self.actual = actual
        self.identical = identical
    }
}

/// A cache that was read or written.
public struct CacheTransfer: Equatable, Sendable {
    /// `registry`, `local`, `inline`, ….
    public var type: String
    /// Its name or path.
    public var name: String
    /// The digest of its manifest.
    public var digest: ContentDigest
    /// How many keys it holds.
    public var keys: Int

    /// Makes the payload.
    public init(type: String, name: String, digest: ContentDigest, keys: Int) {
        self.type = type
        self.name = name
        self.digest = digest
        self.keys = keys
    }
}

/// An image in the store.
public struct ImageStored: Equatable, Sendable {
    /// Its full names; each names this image from now on.
    public var names: [String]
    /// The manifest's blob.
    public var manifest: ContentDigest
    /// The manifest's length in bytes.
    public var size: Int64
    /// The configuration's blob.
    public var config: ContentDigest
    /// The platform, `os/arch`.
    public var platform: String
    /// The DiffIDs, lowest first.
    public var layers: [ContentDigest]
    /// `build`, `import`, `pull`.
    public var origin: String

    /// Makes the payload.
    public init(
        names: [String],
        manifest: ContentDigest,
        size: Int64,
        config: ContentDigest,
        platform: String,
        layers: [ContentDigest],
        origin: String
    ) {
        self.names = names
        self.manifest = manifest
        self.size = size
        self.config = config
        self.platform = platform
        self.layers = layers
        self.origin = origin
    }
}

/// A name that was taken away.
public struct ImageUntagged: Equatable, Sendable {
    /// The full name.
    public var name: String

    /// Makes the payload.
    public init(name: String) { self.name = name }
}

/// Trouble with a blob.
public struct BlobFault: Equatable, Sendable {
    /// The digest that names it.
    public var digest: ContentDigest
    /// Who found it and what it is for, one sentence.
    public var context: String

    /// Makes the payload.
    public init(digest: ContentDigest, context: String) {
        self.digest = digest
        self.context = context
    }
}

/// A pruning.
public struct BlobsPruned: Equatable, Sendable {
    /// The digests, sorted.
    public var digests: [ContentDigest]
    /// Their bytes.
    public var bytes: Int64
    /// The rule that let them go.
    public var reason: String

    /// Makes the payload.
    public init(digests: [ContentDigest], bytes: Int64, reason: String) {
        self.digests = digests
        self.bytes = bytes
        self.reason = reason
    }
}

/// A recording that was taken in.
public struct RecordingImported: Equatable, Sendable {
    /// The recording's manifest.
    public var recording: ContentDigest
    /// The blob of its events: JSON lines.
    public var events: ContentDigest
    /// The builds in it.
    public var builds: [BuildID]

    /// Makes the payload.
    public init(recording: ContentDigest, events: ContentDigest, builds: [BuildID]) {
        self.recording = recording
        self.events = events
        self.builds = builds
    }
}

/// A head of the log.
public struct LogCheckpointed: Equatable, Sendable {
    /// How many events the head covers.
    public var size: Int64
    /// The Merkle tree's root over them.
    public var root: ContentDigest
    /// The blob of the signed note.
    public var note: ContentDigest

    /// Makes the payload.
    public init(size: Int64, root: ContentDigest, note: ContentDigest) {
        self.size = size
        self.root = root
        self.note = note
    }
}

/// A rescue.
public struct LogRecovered: Equatable, Sendable {
    /// Events saved.
    public var kept: Int64
    /// The `seq` of those lost, as ranges `a-b`.
    public var lost: [String]
    /// Where the damaged log was put.
    public var happened: Happened

    /// Makes the payload.
    public init(kept: Int64, lost: [String], happened: Happened = [:]) {
        self.kept = kept
        self.lost = lost
        self.happened = happened
    }
}

/// Another way than asked.
public struct Fallback: Equatable, Sendable {
    /// What it is about, such as a source string or `layers`.
    public var subject: String
    /// What was done instead and why, one sentence.
    public var reason: String

    /// Makes the payload.
    public init(subject: String, reason: String) {
        self.subject = subject
        self.reason = reason
    }
}
