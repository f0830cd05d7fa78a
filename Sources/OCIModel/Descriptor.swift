// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// A reference to a blob: what it is, how large, and its digest.
///
/// Source: OCI image specification, "Content Descriptors".
public struct Descriptor: Hashable, Sendable {
    /// The media type, such as `application/vnd.oci.image.manifest.v1+json`.
    public var mediaType: String
    /// The digest of the blob's bytes.
    public var digest: ContentDigest
    /// The blob's length in bytes, 0 or more.
    public var size: Int64
    /// Free annotations.
    public var annotations: [String: String]
    /// The platform, where the descriptor stands in an index.
    public var platform: Platform?
    /// The artifact type, where there is one.
    public var artifactType: String?

    /// Makes a descriptor of its parts.
    public init(
        mediaType: String,
        digest: ContentDigest,
        size: Int64,
        annotations: [String: String] = [:],
        platform: Platform? = nil,
        artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
    }

    /// Reads a descriptor from JSON.
    ///
    /// - Throws: `OCIError.malformed` when media type, digest or size is missing or wrong.
    public init(json: JSONValue) throws(OCIError) {
        guard let mediaType = json["mediaType"]?.text, let size = json["size"]?.integer, size >= 0,
            let text = json["digest"]?.text, let digest = try? ContentDigest(parsing: text)
        else {
            throw .malformed(
                "a descriptor needs mediaType, size and a sha256 digest: \(json.canonicalText.prefix(200))"
            )
        }
        self.init(
            mediaType: mediaType,
            digest: digest,
            size: size,
            annotations: json["annotations"]?.members?.compactMapValues(\.text) ?? [:],
            platform: json["platform"].flatMap(Platform.init(json:)),
            artifactType: json["artifactType"]?.text
        )
    }

    /// The descriptor as JSON.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "mediaType": .string(mediaType), "digest": .string(digest.description), "size": .integer(size),
        ]
        if !annotations.isEmpty { members["annotations"] = JSONValue(annotations) }
        if let platform { members["platform"] = platform.json }
        if let artifactType { members["artifactType"] = .string(artifactType) }
        return .object(members)
    }
}

extension Platform {
    /// Reads the `platform` object of an image index.
    public init?(json: JSONValue) {
        guard let os = json["os"]?.text, let architecture = json["architecture"]?.text else { return nil }
        self.init(
            os: os,
            architecture: architecture,
            variant: json["variant"]?.text ?? "",
            osVersion: json["os.version"]?.text ?? ""
        )
    }

    /// The `platform` object of an image index.
    public var json: JSONValue {
        var members: [String: JSONValue] = ["os": .string(os), "architecture": .string(architecture)]
        if !variant.isEmpty { members["variant"] = .string(variant) }
        if !osVersion.isEmpty { members["os.version"] = .string(osVersion) }
        return .object(members)
    }
}

/// A document that is not what the OCI image specification asks for.
public enum OCIError: Fault, Equatable {
    /// The document lacks something or has it wrong; the text says what.
    case malformed(String)
    /// A text is no image reference.
    case reference(String, reason: String)

    /// `.failed` for documents, `.usage` for names.
    public var kind: FaultKind { if case .reference = self { .usage } else { .failed } }

    /// One sentence.
    public var description: String {
        switch self {
        case .malformed(let what): "not a valid image: \(what)"
        case .reference(let text, let reason): "'\(text)' is not an image name: \(reason)"
        }
    }
}
