// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

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

/// A build whose events are in a recording that was taken in.
public struct RecordedBuild: Equatable, Sendable {
    /// The build.
    public var id: BuildID
    /// The recording's manifest.
    public var recording: ContentDigest
    /// The blob of the recording's events.
    public var events: ContentDigest
    /// The event `recording.imported`.
    public var seq: Int64
}

/// That an event names a blob.
public struct BlobReference: Hashable, Sendable {
    /// What a blob is to the event that names it.
    public enum Role: String, Sendable, CaseIterable {
        /// A layer's tar, named by its DiffID.
        case layer
        /// An image manifest.
        case manifest
        /// An image configuration, or its template.
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
