// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An image manifest: the configuration and the layers, lowest first.
///
/// Source: OCI image specification, "Image Manifest".
public struct ImageManifest: Hashable, Sendable {
    /// The manifest's own media type.
    public var mediaType: String
    /// The image configuration.
    public var config: Descriptor
    /// The layers, lowest first.
    public var layers: [Descriptor]
    /// Free annotations.
    public var annotations: [String: String]
    /// What kind of artifact it is, where it is no image.
    public var artifactType: String?

    /// Makes a manifest of its parts.
    public init(
        mediaType: String = MediaType.ociManifest,
        config: Descriptor,
        layers: [Descriptor],
        annotations: [String: String] = [:],
        artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
        self.annotations = annotations
        self.artifactType = artifactType
    }

    /// Reads a manifest from JSON.
    public init(json: JSONValue) throws(OCIError) {
        guard json["schemaVersion"]?.integer == 2, let config = json["config"], let layers = json["layers"]?.elements
        else { throw .malformed("a manifest needs schemaVersion 2, config and layers") }
        var read: [Descriptor] = []
        for layer in layers { read.append(try Descriptor(json: layer)) }
        self.init(
            mediaType: json["mediaType"]?.text ?? MediaType.ociManifest,
            config: try Descriptor(json: config),
            layers: read,
            annotations: json["annotations"]?.members?.compactMapValues(\.text) ?? [:],
            artifactType: json["artifactType"]?.text
        )
    }

    /// The manifest as JSON; its `canonicalBytes` are what reel stores and names by digest.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "schemaVersion": 2, "mediaType": .string(mediaType), "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        if !annotations.isEmpty { members["annotations"] = JSONValue(annotations) }
        if let artifactType { members["artifactType"] = .string(artifactType) }
        return .object(members)
    }
}

/// An image index: one manifest for each platform.
///
/// Source: OCI image specification, "Image Index".
public struct ImageIndex: Hashable, Sendable {
    /// The index's own media type.
    public var mediaType: String
    /// The manifests, in their order.
    public var manifests: [Descriptor]
    /// Free annotations.
    public var annotations: [String: String]

    /// Makes an index of its parts.
    public init(mediaType: String = MediaType.ociIndex, manifests: [Descriptor], annotations: [String: String] = [:]) {
        self.mediaType = mediaType
        self.manifests = manifests
        self.annotations = annotations
    }

    /// Reads an index from JSON.
    public init(json: JSONValue) throws(OCIError) {
        guard json["schemaVersion"]?.integer == 2, let manifests = json["manifests"]?.elements else {
            throw .malformed("an image index needs schemaVersion 2 and manifests")
        }
        var read: [Descriptor] = []
        for manifest in manifests { read.append(try Descriptor(json: manifest)) }
        self.init(
            mediaType: json["mediaType"]?.text ?? MediaType.ociIndex,
            manifests: read,
            annotations: json["annotations"]?.members?.compactMapValues(\.text) ?? [:]
        )
    }

    /// The index as JSON.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "schemaVersion": 2, "mediaType": .string(mediaType), "manifests": .array(manifests.map(\.json)),
        ]
        if !annotations.isEmpty { members["annotations"] = JSONValue(annotations) }
        return .object(members)
    }
}
