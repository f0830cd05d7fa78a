// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import OCIModel

extension State {
    /// An image of a registry, such as `debian:12`.
    ///
    /// - Parameters:
    ///   - resolving: Whether a local image will do.
    ///   - layerLimit: How many of its layers, lowest first, are used; `nil` for all.
    ///   - checksum: The digest that it must have.
    public static func image(
        _ reference: String,
        resolving: ImageResolving? = nil,
        layerLimit: Int? = nil,
        checksum: ContentDigest? = nil,
        _ options: VertexOptions = VertexOptions()
    ) -> State {
        var source = SourcePlan(identifier: "docker-image://\(reference)", capabilities: ["source.image"])
        source.isPlatformSpecific = true
        do {
            source.identifier = "docker-image://\(try ImageReference(parsing: reference))"
        } catch {
            source.failure = .source(reference, reason: error.description)
        }
        if let resolving {
            source.attributes[SourceAttribute.imageResolveMode] = resolving.rawValue
            if resolving == .pull { source.capabilities.append("source.image.resolvemode") }
        }
        if let layerLimit { source.set(SourceAttribute.imageLayerLimit, String(layerLimit), "source.image.layerlimit") }
        if let checksum { source.set(SourceAttribute.imageChecksum, checksum.description, "source.image.checksum") }
        return State(source, options)
    }

    /// A folder that the build is given under a name.
    public static func local(
        _ name: String,
        _ source: LocalSource = LocalSource(),
        _ options: VertexOptions = VertexOptions()
    ) -> State {
        var plan = SourcePlan(identifier: "local://\(name)", capabilities: ["source.local"])
        plan.isLocal = true
        plan.set(SourceAttribute.localIncludePatterns, source.includePatterns, "source.local.includepatterns")
        plan.set(SourceAttribute.localFollowPaths, source.followPaths, "source.local.followpaths")
        plan.set(SourceAttribute.localExcludePatterns, source.excludePatterns, "source.local.excludepatterns")
        if !source.sharedKeyHint.isEmpty {
            plan.set(SourceAttribute.localSharedKeyHint, source.sharedKeyHint, "source.local.sharedkeyhint")
        }
        if let differ = source.differ { plan.attributes[SourceAttribute.localDiffer] = differ.rawValue }
        return State(plan, options)
    }

    /// The files of a git repository at a branch, tag or commit.
    public static func git(
        _ url: String,
        ref: String = "",
        _ source: GitSource = GitSource(),
        _ options: VertexOptions = VertexOptions()
    ) -> State {
        State(source.plan(url: url, ref: ref), options)
    }

    /// A file behind an `http` or `https` URL.
    public static func http(
        _ url: String,
        _ source: HTTPSource = HTTPSource(),
        _ options: VertexOptions = VertexOptions()
    ) -> State {
        var plan = SourcePlan(identifier: url, capabilities: ["source.http"])
        if let checksum = source.checksum {
            plan.set(SourceAttribute.httpChecksum, checksum.description, "source.http.checksum")
        }
        if !source.filename.isEmpty { plan.attributes[SourceAttribute.httpFilename] = source.filename }
        if source.permissions != 0 {
            let text = "0" + String(source.permissions, radix: 8)
            plan.set(SourceAttribute.httpPermissions, text, "source.http.perm")
        }
        // The misspelling is the capability's name.
        if source.uid != 0 { plan.set(SourceAttribute.httpUserID, String(source.uid), "soruce.http.uidgid") }
        if source.gid != 0 { plan.set(SourceAttribute.httpGroupID, String(source.gid), "soruce.http.uidgid") }
        if !source.authHeaderSecret.isEmpty {
            plan.set(SourceAttribute.httpAuthHeaderSecret, source.authHeaderSecret, "source.http.auth")
        }
        return State(plan, options)
    }

    /// An image of an OCI layout that the build is given under a name.
    public static func ociLayout(
        _ reference: String,
        store: String = "",
        layerLimit: Int? = nil,
        _ options: VertexOptions = VertexOptions()
    ) -> State {
        var plan = SourcePlan(identifier: "oci-layout://\(reference)", capabilities: ["source.ocilayout"])
        plan.isPlatformSpecific = true
        if !store.isEmpty { plan.attributes[SourceAttribute.layoutStore] = store }
        if let layerLimit { plan.attributes[SourceAttribute.layoutLayerLimit] = String(layerLimit) }
        return State(plan, options)
    }

    private init(_ source: SourcePlan, _ options: VertexOptions) {
        self = State.scratch.with(StateOutput(node: StateNode(.source(source), options)))
    }
}

/// A source before it is a vertex.
struct SourcePlan: Sendable {
    var identifier: String
    var attributes: [String: String] = [:]
    var capabilities: [String]
    var isPlatformSpecific = false
    var isLocal = false
    var failure: StateError?

    init(identifier: String, capabilities: [String]) {
        self.identifier = identifier
        self.capabilities = capabilities
    }

    mutating func set(_ name: String, _ value: String, _ capability: String) {
        attributes[name] = value
        capabilities.append(capability)
    }

    /// Sets a list, as Go writes JSON; nothing where it is empty.
    mutating func set(_ name: String, _ values: [String], _ capability: String) {
        if !values.isEmpty { set(name, GoJSON.array(values), capability) }
    }
}

/// Whether a local image will do.
public enum ImageResolving: String, Sendable {
    /// The registry is asked, if there is one.
    case pull
    /// What is there will do.
    case local
}

/// What of a local folder is used.
public struct LocalSource: Sendable {
    /// Patterns of what is let through; none lets all through.
    public var includePatterns: [String]
    /// Patterns of what is left out.
    public var excludePatterns: [String]
    /// Paths whose links are followed; none takes the folder as it is.
    public var followPaths: [String]
    /// Text that lets sources share transferred files.
    public var sharedKeyHint: String
    /// How changes are recognised; `nil` leaves it to the builder.
    public var differ: LocalDiffer?

    /// Makes a choice.
    public init(
        includePatterns: [String] = [],
        excludePatterns: [String] = [],
        followPaths: [String] = [],
        sharedKeyHint: String = "",
        differ: LocalDiffer? = nil
    ) {
        self.includePatterns = includePatterns
        self.excludePatterns = excludePatterns
        self.followPaths = followPaths
        self.sharedKeyHint = sharedKeyHint
        self.differ = differ
    }
}

/// How changes of a local folder are recognised.
public enum LocalDiffer: String, Sendable {
    /// Not at all: everything is transferred.
    case none
    /// By metadata.
    case metadata
}

/// How a URL's content becomes a file.
public struct HTTPSource: Sendable {
    /// The digest that the content must have.
    public var checksum: ContentDigest?
    /// The file's name; empty for the URL's.
    public var filename: String
    /// The permission bits; 0 for 0600.
    public var permissions: Int
    /// The owner.
    public var uid: Int
    /// The group.
    public var gid: Int
    /// Id of the secret that is sent as Authorization header; empty for none.
    public var authHeaderSecret: String

    /// Makes a choice.
    public init(
        checksum: ContentDigest? = nil,
        filename: String = "",
        permissions: Int = 0,
        uid: Int = 0,
        gid: Int = 0,
        authHeaderSecret: String = ""
    ) {
        self.checksum = checksum
        self.filename = filename
        self.permissions = permissions
        self.uid = uid
        self.gid = gid
        self.authHeaderSecret = authHeaderSecret
    }
}

/// JSON as Go's `encoding/json` writes it, which stands in attributes and so in digests.
enum GoJSON {
    /// An array of texts, with `<`, `>`, `&` and the two line separators escaped.
    static func array(_ values: [String]) -> String {
        let text = JSONValue(values).canonicalText
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": out += "\\u003c"
            case ">": out += "\\u003e"
            case "&": out += "\\u0026"
            case "\u{2028}": out += "\\u2028"
            case "\u{2029}": out += "\\u2029"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
