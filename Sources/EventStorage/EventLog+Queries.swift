// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// How far a build came.
public enum BuildStatus: String, Sendable, CaseIterable {
    /// It has no last event (yet): it runs, or its process was killed.
    case running
    /// It ended well.
    case finished
    /// It failed.
    case failed
    /// A person stopped it.
    case cancelled
}

/// A build as the log tells it.
public struct BuildSummary: Equatable, Sendable, Identifiable {
    /// Its id.
    public var id: BuildID
    /// How far it came.
    public var status: BuildStatus
    /// The time of its first event.
    public var started: Timestamp
    /// The time of its last event so far; of the end, when it has ended.
    public var ended: Timestamp
    /// The `seq` of its first event.
    public var firstSeq: Int64
    /// The `seq` of its last event so far.
    public var lastSeq: Int64
    /// `dockerfile`, `llb` or `recording`.
    public var frontend: String
    /// The options of the request.
    public var options: [String: String]
    /// The names asked for.
    public var tags: [String]
    /// The build that it replays, repeats or resumes.
    public var of: BuildID?
    /// How it relates to `of`.
    public var relation: String?
    /// Steps that have a key.
    public var steps: Int
    /// Steps that used an earlier result.
    public var reused: Int
    /// Steps that ran to a good end.
    public var ran: Int
    /// Steps that failed.
    public var failures: Int
    /// Fallbacks on the way.
    public var fallbacks: Int
    /// The manifest digest of the image; `nil` where none was made.
    public var image: ContentDigest?
    /// The ChainID of the result for each platform.
    public var results: [String: ContentDigest]
    /// Why it failed or was cancelled.
    public var error: String?

    /// The `target` option.
    public var target: String? { options["target"] }
}

/// Which builds to list.
public struct BuildFilter: Equatable, Sendable {
    /// Only these.
    public var status: Set<BuildStatus>?
    /// Only builds of this frontend.
    public var frontend: String?
    /// Only builds of this target.
    public var target: String?
    /// Only builds with this tag, as it was spelt in the request.
    public var tag: String?
    /// Only builds started at this moment or later.
    public var since: Timestamp?
    /// Only builds started before this moment.
    public var until: Timestamp?
    /// Only builds that replay, repeat or resume this one.
    public var of: BuildID?
    /// At most so many, the newest.
    public var limit: Int?

    /// Makes a filter that lets everything pass.
    public init() {}
}

/// An image that the store knows by a name.
public struct ImageRecord: Equatable, Sendable {
    /// The full name.
    public var name: String
    /// What it names, and what is in it.
    public var image: ImageStored
    /// When it got the name.
    public var time: Timestamp
    /// The event that gave it.
    public var seq: Int64
    /// The build that made it, where one did.
    public var build: BuildID?
}

/// What a source string last resolved to.
public struct SourcePin: Equatable, Sendable {
    /// The source string.
    public var identifier: String
    /// `image`, `local`, `git`, …
    public var type: String
    /// Its identity.
    public var pin: String
    /// When it was resolved.
    public var time: Timestamp
    /// The event that says so.
    public var seq: Int64
    /// The build that resolved it.
    public var build: BuildID?
}

/// That an event names a blob.
public struct BlobReference: Hashable, Sendable {
    /// What a blob is to the event that names it.
    public enum Role: String, Sendable, CaseIterable {
        /// A layer's tar, named by its DiffID.
        case layer
        /// An image manifest.
        case manifest
        /// An image configuration.
        case config
        /// A serialized `pb.Definition`.
        case definition
        /// The text of a Dockerfile.
        case dockerfile
        /// The manifest of a context.
        case context
        /// Ignore rules.
        case ignoreRules
        /// The preimage of a key.
        case preimage
        /// What a step printed.
        case output
        /// What a source needs for a replay beside its layers.
        case source
        /// A recording, or the events in one.
        case recording
        /// The signed note of a checkpoint.
        case note
    }
    /// The blob.
    public var digest: ContentDigest
    /// What it is.
    public var role: Role
    /// The event.
    public var seq: Int64
}

extension EventLog {
    /// The builds that `filter` lets pass, newest first.
    public func builds(_ filter: BuildFilter = BuildFilter()) throws -> [BuildSummary] { [] }

    /// The one build whose id starts with `prefix`, or the newest for `latest`.
    ///
    /// - Throws: `EventLogError.unknownBuild` or `.ambiguousBuild`, both of kind `.usage`.
    public func build(matching prefix: String) throws -> BuildSummary { throw EventLogError.unknownBuild(prefix) }

    /// The images by name, ordered by name.
    public func images() throws -> [ImageRecord] { [] }

    /// What `name` (in full) names on `platform` (`os/arch`), or the newest for any platform; `nil` for nothing.
    public func image(named name: String, platform: String? = nil) throws -> ImageRecord? { nil }

    /// The image whose manifest or configuration has the digest, or a digest whose hex starts so.
    public func image(matching prefix: String) throws -> [ImageRecord] { [] }

    /// What the source string `identifier` last resolved to; pins taken from a record don't count.
    public func lastPin(of identifier: String) throws -> SourcePin? { nil }

    /// The contexts that a build read, in order.
    public func contexts(of build: BuildID) throws -> [ContextDigested] { [] }

    /// The events that name the blob, in order.
    public func references(to digest: ContentDigest) throws -> [BlobReference] { [] }

    /// Every blob that a build's events name, by digest and role.
    public func references(from build: BuildID) throws -> [BlobReference] { [] }

    /// Every blob that some event names and that was not pruned since, with its roles, ordered by digest.
    public func reachableBlobs() throws -> [ContentDigest: Set<BlobReference.Role>] { [:] }

    /// Makes `index.sqlite` again from the log, whole; returns the number of events read.
    @discardableResult public func rebuildIndex() throws -> Int64 { 0 }
}
