// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel

/// What was built for one platform.
public struct ExportImage: Hashable, Sendable {
    /// The platform, as the index names it.
    public var platform: Platform
    /// The root file system.
    public var snapshot: Snapshot
    /// The image configuration, complete: its DiffIDs are the snapshot's, its history is final.
    public var config: ImageConfig
    /// How many of the lowest layers came with the base image, which `rewrite-timestamp` leaves alone.
    public var baseLayers: Int
    /// Annotations of the manifest that the build itself gives; those of the request win.
    public var annotations: [String: String]
    /// Layers of base images, by DiffID, as the registry has them that they came from.
    public var originals: [ContentDigest: OriginalLayer]

    /// Makes one of its parts.
    public init(
        platform: Platform,
        snapshot: Snapshot,
        config: ImageConfig,
        baseLayers: Int = 0,
        annotations: [String: String] = [:],
        originals: [ContentDigest: OriginalLayer] = [:]
    ) {
        self.platform = platform
        self.snapshot = snapshot
        self.config = config
        self.baseLayers = baseLayers
        self.annotations = annotations
        self.originals = originals
    }
}

/// A layer as a registry has it, which a push takes over byte for byte, whether it is stored here or not.
public struct OriginalLayer: Hashable, Sendable {
    /// The blob, usually compressed.
    public var blob: Descriptor
    /// The image that it came with.
    public var reference: ImageReference

    /// Makes one of its parts.
    public init(blob: Descriptor, reference: ImageReference) {
        self.blob = blob
        self.reference = reference
    }
}

/// One thing to export.
public struct ExportRequest: Sendable {
    /// One image, or one for each platform (which makes an image index), in the order of the request.
    public var images: [ExportImage]
    /// Whether even a single image gets an image index, which several always get.
    public var forceIndex: Bool
    /// The checked options.
    public var options: ExportOptions
    /// What `org.opencontainers.image.created` in `index.json` says, and the limit for `rewrite-timestamp`.
    public var epoch: Timestamp

    /// Makes one of its parts.
    public init(images: [ExportImage], options: ExportOptions, epoch: Timestamp, forceIndex: Bool = false) {
        self.images = images
        self.options = options
        self.epoch = epoch
        self.forceIndex = forceIndex
    }
}

/// What an export wrote: the facts for `export.finished`.
public struct ExportResult: Hashable, Sendable {
    /// One written image.
    public struct Image: Hashable, Sendable {
        /// The platform.
        public let platform: Platform
        /// The manifest.
        public let manifest: Descriptor
        /// The image configuration's digest, which is the image id in docker.
        public let config: ContentDigest
        /// The DiffIDs of the layers, which differ from the request's after `rewrite-timestamp` only.
        public let diffIDs: [ContentDigest]

        /// Makes one of its parts.
        public init(platform: Platform, manifest: Descriptor, config: ContentDigest, diffIDs: [ContentDigest]) {
            self.platform = platform
            self.manifest = manifest
            self.config = config
            self.diffIDs = diffIDs
        }
    }

    /// The exporter.
    public var exporter: ExporterType
    /// The manifest, or the image index of several platforms; `nil` where files were exported.
    public var descriptor: Descriptor?
    /// The images, in the request's order; empty where files were exported.
    public var images: [Image]
    /// The image's names.
    public var names: [String]
    /// The absolute path that was written; `nil` for standard output and for stores.
    public var destination: String?
    /// How many bytes were written; 0 where that is not known.
    public var bytes: Int64
    /// What a person should know about it, one sentence each.
    public var notes: [String] = []

    /// Makes one of its parts.
    public init(
        exporter: ExporterType,
        descriptor: Descriptor? = nil,
        images: [Image] = [],
        names: [String] = [],
        destination: String? = nil,
        bytes: Int64 = 0
    ) {
        self.exporter = exporter
        self.descriptor = descriptor
        self.images = images
        self.names = names
        self.destination = destination
        self.bytes = bytes
    }
}
