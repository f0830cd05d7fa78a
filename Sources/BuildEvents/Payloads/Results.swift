// SPDX-License-Identifier: Apache-2.0

public import BuildModel

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

/// One comparison of a replay.
public struct ReplayCompared: Equatable, Sendable {
    /// The build that was recorded.
    public var original: BuildID
    /// What was compared: a vertex, or `nil` for a configuration or manifest.
    public var vertex: ContentDigest?
    /// `diffID`, `chainID`, `config`, `manifest`; `outcome` of a step that failed and had not failed then.
    public var subject: String
    /// What the record says.
    public var expected: String
    /// What the replay gave.
    public var actual: String
    /// Whether both are equal.
    public var identical: Bool

    /// Makes the payload.
    public init(
        original: BuildID,
        vertex: ContentDigest?,
        subject: String,
        expected: String,
        actual: String,
        identical: Bool
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
