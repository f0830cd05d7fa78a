// SPDX-License-Identifier: Apache-2.0

public import BuildModel

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
    /// The layers that it brought, sorted.
    public var layers: [ContentDigest]
    /// All other blobs that it brought, sorted, without the two above.
    public var blobs: [ContentDigest]

    /// Makes the payload.
    public init(
        recording: ContentDigest,
        events: ContentDigest,
        builds: [BuildID],
        layers: [ContentDigest] = [],
        blobs: [ContentDigest] = []
    ) {
        self.recording = recording
        self.events = events
        self.builds = builds
        self.layers = layers
        self.blobs = blobs
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
