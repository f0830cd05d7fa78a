// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An image configuration; members that reel does not know are kept in `other`.
///
/// Source: OCI image specification, "Image Configuration"; Docker's `HealthcheckConfig`, `OnBuild` and `Shell`, which
/// the specification leaves to implementations.
public struct ImageConfig: Hashable, Sendable {
    /// The platform that the image runs on.
    public var platform: Platform
    /// When the image was made, RFC 3339; `nil` where it is not said.
    public var created: String?
    /// Who made it.
    public var author: String?
    /// How a container of it runs.
    public var container: ContainerConfig
    /// The DiffIDs of the layers, lowest first.
    public var diffIDs: [ContentDigest]
    /// One entry for each instruction that made it.
    public var history: [HistoryEntry]
    /// Members of the top level that reel does not interpret.
    public var other: [String: JSONValue]

    /// An empty configuration for a platform.
    public init(platform: Platform) {
        self.platform = platform
        container = ContainerConfig()
        diffIDs = []
        history = []
        other = [:]
    }

    /// One step of an image's history.
    public struct HistoryEntry: Hashable, Sendable {
        /// RFC 3339.
        public var created: String?
        /// The instruction.
        public var createdBy: String?
        /// Free text.
        public var comment: String?
        /// Who made it.
        public var author: String?
        /// Whether the instruction made no layer.
        public var emptyLayer: Bool

        /// Makes an entry.
        public init(
            created: String? = nil,
            createdBy: String? = nil,
            comment: String? = nil,
            author: String? = nil,
            emptyLayer: Bool = false
        ) {
            self.created = created
            self.createdBy = createdBy
            self.comment = comment
            self.author = author
            self.emptyLayer = emptyLayer
        }

        /// Reads an entry from JSON.
        public init(json: JSONValue) {
            self.init(
                created: json["created"]?.text,
                createdBy: json["created_by"]?.text,
                comment: json["comment"]?.text,
                author: json["author"]?.text,
                emptyLayer: json["empty_layer"]?.boolean ?? false
            )
        }

        /// The entry as JSON.
        public var json: JSONValue {
            var members: [String: JSONValue] = [:]
            if let created { members["created"] = .string(created) }
            if let createdBy { members["created_by"] = .string(createdBy) }
            if let comment { members["comment"] = .string(comment) }
            if let author { members["author"] = .string(author) }
            if emptyLayer { members["empty_layer"] = true }
            return .object(members)
        }
    }

    /// Reads a configuration from JSON.
    ///
    /// - Throws: `OCIError.malformed` without a platform or with a DiffID that is none.
    public init(json: JSONValue) throws(OCIError) {
        guard var members = json.members, let platform = Platform(json: json) else {
            throw .malformed("an image configuration needs os and architecture")
        }
        self.init(platform: platform)
        created = members.removeValue(forKey: "created")?.text
        author = members.removeValue(forKey: "author")?.text
        container = ContainerConfig(json: members.removeValue(forKey: "config") ?? .object([:]))
        for diffID in members.removeValue(forKey: "rootfs")?["diff_ids"]?.elements ?? [] {
            guard let text = diffID.text, let digest = try? ContentDigest(parsing: text) else {
                throw .malformed("rootfs.diff_ids holds \(diffID.canonicalText)")
            }
            diffIDs.append(digest)
        }
        history = (members.removeValue(forKey: "history")?.elements ?? []).map(HistoryEntry.init(json:))
        for known in ["os", "architecture", "variant", "os.version"] { members[known] = nil }
        other = members
    }

    /// The configuration as JSON; its `canonicalBytes` are what reel stores and names by digest.
    public var json: JSONValue {
        var members = other
        for (key, value) in platform.json.members ?? [:] { members[key] = value }
        if let created { members["created"] = .string(created) }
        if let author { members["author"] = .string(author) }
        members["config"] = container.json
        members["rootfs"] = ["type": "layers", "diff_ids": .array(diffIDs.map { .string($0.description) })]
        if !history.isEmpty { members["history"] = .array(history.map(\.json)) }
        return .object(members)
    }
}
