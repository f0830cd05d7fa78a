// SPDX-License-Identifier: Apache-2.0

public import BuildModel

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
    ///
    /// Those of a lazy source need not be stored here: a `layer.fetched` says when one arrived.
    public var layers: [ContentDigest]
    /// The blobs that a replay needs beside the layers (manifest, configuration).
    public var blobs: [ContentDigest]
    /// More that is part of the identity, such as `subdir`, `ref`.
    public var details: [String: String]
    /// Bytes fetched, depth, duration.
    public var happened: Happened

    /// Whether the layers stay where they are until something reads their files (`fetch=lazy` in the details).
    public var isLazy: Bool {
        get { details["fetch"] == "lazy" }
        set { details["fetch"] = newValue ? "lazy" : nil }
    }

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

/// A layer of a base image that was brought here because something reads its files.
public struct LayerFetched: Equatable, Sendable {
    /// The DiffID of the layer.
    public var layer: ContentDigest
    /// The blob that was read: the layer as the source has it, usually compressed.
    public var blob: ContentDigest
    /// Where it was read, such as `docker-image://docker.io/library/debian:12`.
    public var source: String
    /// Bytes that crossed the network, those that an earlier attempt had left here, duration.
    public var happened: Happened

    /// Makes the payload.
    public init(layer: ContentDigest, blob: ContentDigest, source: String, happened: Happened = [:]) {
        self.layer = layer
        self.blob = blob
        self.source = source
        self.happened = happened
    }
}
