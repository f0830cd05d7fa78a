// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// What a person asks of a build.
public struct BuildRequest: Sendable {
    /// Where the graph comes from.
    public enum Frontend: Sendable {
        /// A Dockerfile: its bytes and the name to show in errors; `nil` bytes mean: read it from the context.
        case dockerfile(name: String, bytes: [UInt8]?)
        /// A serialized `pb.Definition`.
        case llb([UInt8])
    }

    /// Where the graph comes from.
    public var frontend: Frontend
    /// Local contexts by name; the main one of a Dockerfile is `context`.
    public var contexts: [String: String]
    /// Ignore files by the name of the context that they are for; the main one is `context`.
    public var ignoreFiles: [String: String] = [:]
    /// The main context, where it is a git repository: its URL with fragment and query, without credentials.
    public var contextURL: String?
    /// Values of Authorization headers by host, of the users and passwords that stood in URLs of the command line.
    public var urlCredentials: [String: String] = [:]
    /// The most bytes that a URL's contents may have; `nil` for the default.
    public var downloadLimit: Int64?
    /// What is done without a network.
    public var offline = OfflineMode.no
    /// Named contexts that replace images and stages (`--build-context`).
    public var namedContexts: [String: String] = [:]
    /// The stage to build; the last one when `nil`.
    public var target: String?
    /// Build arguments; `nil` takes the value from the environment.
    public var buildArguments: [String: String?] = [:]
    /// Target platforms; the machine's when empty.
    public var platforms: [Platform] = []
    /// Names for the image.
    public var tags: [String] = []
    /// Labels for the image.
    public var labels: [String: String] = [:]
    /// What to make of the result.
    public var outputs: [OutputSpecification] = []
    /// Whether no earlier result is used.
    public var noCache = false
    /// Stages of which no earlier result is used.
    public var noCacheStages: [String] = []
    /// What becomes of file times.
    public var timestamps = TimestampPolicy.default
    /// Whether the epoch is the commit time of the main context.
    public var epochIsOfContext = false
    /// Whether steps see SOURCE_DATE_EPOCH in their environment.
    public var reproducible = false
    /// Whether only git's two permission modes are told apart in contexts.
    public var gitModes = false
    /// Whether contexts are kept for a replay.
    public var storesContext = true
    /// Whether contexts are read in full even where nothing seems changed.
    public var verifiesContext = false
    /// The network of steps that do not say: `default`, `host`, `none`.
    public var network = "default"
    /// Extra lines for /etc/hosts: name and address.
    public var extraHosts: [(name: String, address: String)] = []
    /// Limits: name, soft, hard.
    public var ulimits: [(name: String, soft: Int64, hard: Int64)] = []
    /// The size of /dev/shm in bytes; `nil` for the default.
    public var shmSize: Int64?
    /// Entitlements granted by `--allow`.
    public var allowed: Set<String> = []
    /// Secrets by id.
    public var secrets: [String: SecretSource] = [:]
    /// Sockets of SSH agents by id.
    public var agents: [String: String] = [:]
    /// Whether steps run without a network, whatever the graph says.
    public var withoutNetwork = false
    /// What is made otherwise for the steps than their definition leaves it.
    public var variations: Set<StepVariation> = []
    /// How many steps run at once.
    public var maxParallelism = 64
    /// Whether a step that would have to run ends the build.
    public var expectCached = false
    /// The build that this one repeats, and how: `replay`, `rerun`, `resume`.
    public var relation: (of: BuildID, kind: String)?
    /// Whether the frontend is asked although a record has the graph.
    var asksFrontend = false
    /// Which pins hold, when it repeats a recorded build.
    var pinning = Pinning.record
    /// The options to record in place of this request's own, when it repeats a recorded build.
    var optionsOfRecord: [String: String]?

    /// Where the pins of a build come from that follows a recorded one.
    enum Pinning: Sendable {
        /// From the record, and nowhere else.
        case record
        /// From the record where it has them, else as a new build finds them.
        case recordFirst
        /// As a new build finds them; from the record only for contexts that are gone.
        case live
    }

    /// Makes a request with every choice at its default.
    public init(frontend: Frontend, contexts: [String: String]) {
        self.frontend = frontend
        self.contexts = contexts
    }
}

extension BuildRequest {
    /// Whether the instructions come from somewhere else, so that they must not name repositories of this machine.
    var isForeign: Bool { contextURL.map { !$0.hasPrefix("file:") } ?? false }
}

/// What a build does about sources when the network is ruled out.
public enum OfflineMode: String, Hashable, Sendable {
    /// The network may be used.
    case no
    /// It may not: only what is named by its hash, and is here, can be had.
    case strict
    /// It may not: a name that can move means what it meant last.
    case last
}

/// Where a secret's value is read, when a step needs it.
public enum SecretSource: Hashable, Sendable {
    /// A file.
    case file(String)
    /// A variable of the environment.
    case variable(String)
}

/// One `--output`: an exporter and its options.
public struct OutputSpecification: Hashable, Sendable {
    /// The exporter's name.
    public var exporter: String
    /// Its options, `dest` among them.
    public var options: [String: String]

    /// Makes a specification.
    public init(exporter: String, options: [String: String]) {
        self.exporter = exporter
        self.options = options
    }
}
