// SPDX-License-Identifier: Apache-2.0

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
    /// The manifest of the recording from which it was imported; `nil` for a build of this log.
    public var recording: ContentDigest?

    /// The `target` option.
    public var target: String? { options["target"] }
    /// From the first event to the last, in nanoseconds.
    public var duration: Int64 { ended.nanoseconds - started.nanoseconds }
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
