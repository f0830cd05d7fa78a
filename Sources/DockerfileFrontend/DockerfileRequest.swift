// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Everything that lowering a Dockerfile depends on, besides the images it names.
///
/// Two equal requests with equal answers of `ImageResolving` give byte-equal definitions.
public struct DockerfileRequest: Sendable {
    /// The bytes of the Dockerfile; must be UTF-8, a byte order mark is skipped.
    public var source: [UInt8]
    /// The name in errors, warnings and source locations, e.g. `Dockerfile`.
    public var fileName: String
    /// The stage to build, by name or number; `nil` for the last one.
    public var target: String?
    /// Build arguments; a `nil` value is taken from `environment`, and without one there the argument is not set.
    public var buildArguments: [String: String?] = [:]
    /// Where build arguments without a value come from: the environment of the person who builds.
    public var environment: [String: String] = [:]
    /// The platforms to build for, in order; empty for the first build platform.
    public var targetPlatforms: [Platform] = []
    /// The platforms that the machine runs, its own first; must not be empty.
    public var buildPlatforms: [Platform]
    /// The main context.
    public var context: ContextSource = .local(name: "context")
    /// Contexts by name (`--build-context`); they also override stages and images of that name.
    public var namedContexts: [String: ContextSource] = [:]
    /// Labels of the image (`--label`).
    public var labels: [String: String] = [:]
    /// What must run again.
    public var noCache: NoCache = .nothing
    /// The network of RUN steps that name none.
    public var network: NetworkChoice = .sandbox
    /// Lines for `/etc/hosts` of RUN steps: (host, address).
    public var extraHosts: [ExtraHost] = []
    /// Limits of RUN steps.
    public var ulimits: [Ulimit] = []
    /// Size of `/dev/shm` in bytes; 0 for the default.
    public var shmSize: Int64 = 0
    /// Parent cgroup of RUN steps; empty for the default.
    public var cgroupParent = ""
    /// Host name of RUN steps; empty for the default.
    public var hostname = ""
    /// What `--allow` permits, e.g. `security.insecure`, `network.host`.
    public var entitlements: Set<String> = []
    /// The ignore rules of the main context, in order, as `.dockerignore` has them; the engine reads the file.
    public var contextExcludes: [String] = []
    /// The ignore rules of named local contexts.
    public var namedContextExcludes: [String: [String]] = [:]
    /// Names the platform in each vertex's name, as several platforms or an image index was asked for.
    public var isMultiPlatform = false
    /// `created` of the history entries that this Dockerfile adds; `nil` leaves it out.
    public var created: Timestamp?
    /// Whether the epoch is put into the environment of RUN steps (`--reproducible`), as `SOURCE_DATE_EPOCH`.
    public var epochInEnvironment: Int64?
    /// Whether merge vertices may be used (`COPY --link`); without them a plain copy is lowered, as BuildKit does.
    public var allowsMerge = true
    /// Whether IMPORT and EXPORT are understood in a file without `# syntax=` line.
    public var allowsExtensions = true

    /// A request with the defaults of `docker build`.
    public init(source: [UInt8], fileName: String = "Dockerfile", buildPlatforms: [Platform]) {
        self.source = source
        self.fileName = fileName
        self.buildPlatforms = buildPlatforms
    }

    /// What `--no-cache` and `--no-cache-filter` ask for.
    public enum NoCache: Hashable, Sendable {
        /// Everything may come from the cache.
        case nothing
        /// Nothing may.
        case everything
        /// Stages of these names may not.
        case stages(Set<String>)
    }

    /// The network of a RUN step.
    public enum NetworkChoice: String, Hashable, Sendable {
        /// The engine's default.
        case sandbox
        /// The machine's own; needs the entitlement `network.host`.
        case host
        /// None but loopback.
        case none
    }

    /// A line of `/etc/hosts`.
    public struct ExtraHost: Hashable, Sendable {
        /// The host's name.
        public var host: String
        /// The address.
        public var address: String
        /// Makes a line.
        public init(host: String, address: String) {
            self.host = host
            self.address = address
        }
    }

    /// A resource limit.
    public struct Ulimit: Hashable, Sendable {
        /// E.g. `nofile`.
        public var name: String
        /// The soft limit.
        public var soft: Int64
        /// The hard limit.
        public var hard: Int64
        /// Makes a limit.
        public init(name: String, soft: Int64, hard: Int64) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }
    }
}

/// Where a context comes from.
public enum ContextSource: Hashable, Sendable {
    /// A folder or tar of the person who builds: the definition says `local://NAME`, the engine knows the folder.
    case local(name: String)
    /// A git repository, in BuildKit's spelling, e.g. `https://host/repo.git#ref:folder`.
    case git(String)
    /// A URL whose content is a file.
    case http(String)
    /// An image by name.
    case image(String)
    /// An image in an OCI layout, an archive or containerd: the name under which the engine knows it, a tag or digest.
    case ociLayout(name: String, reference: String)
    /// A stage of the same Dockerfile, by name or number.
    case stage(String)

    /// Reads the value of `--build-context NAME=VALUE`, except that a folder's path is for the engine to know.
    ///
    /// - Returns: `.local(name:)` for whatever has none of the known prefixes.
    public init(parsing value: String, name: String) {
        if value.hasPrefix("docker-image://") {
            self = .image(String(value.dropFirst("docker-image://".count)))
        } else if let (_, reference) = ImageContext.split(value) {
            // The path stays with the engine; the layout goes by the context's name.
            self = .ociLayout(name: name, reference: reference)
        } else if value.hasPrefix("containerd://") {
            self = .ociLayout(name: name, reference: "")
        } else if value.hasPrefix("target:") {
            self = .stage(String(value.dropFirst("target:".count)))
        } else if GitReference.isMeant(by: value) {
            self = .git(value)
        } else if value.hasPrefix("http://") || value.hasPrefix("https://") {
            self = .http(value)
        } else {
            self = .local(name: name)
        }
    }
}
