// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import OCIModel

/// A file system that a build makes, and how a program would be run in it.
///
/// A value: every method gives back a new state and leaves this one as it is. `marshal` turns the state and all that
/// it is made of into a definition, whose digests are those that BuildKit's Go client gives the same program.
///
/// ```swift
/// let tools = State.image("debian:12").run(shell: "apt-get update && apt-get install -y gcc").root
/// let source = State.git("https://example.com/app.git", ref: "v1.0")
/// let built = tools.run(shell: "gcc -o /out/app /src/app.c") {
///     $0.mount("/src", source, isReadOnly: true)
///     $0.mount("/out", .scratch)
/// }
/// let definition = try built.mount("/out").marshal()
/// ```
///
/// Source: BuildKit, `client/llb`.
public struct State: Sendable {
    /// What makes the files; `nil` for the empty file system.
    var output: StateOutput?
    /// How a program would be run.
    var settings = ProcessSettings()

    /// The empty file system.
    public static let scratch = State(output: nil)

    init(output: StateOutput?) { self.output = output }

    /// This state with other files, made by `output`.
    func with(_ output: StateOutput?) -> State {
        var copy = self
        copy.output = output
        if let platform = output?.node.options.platform { copy.settings.platform = platform }
        return copy
    }

    /// Sets a variable, in place of one that has the name.
    public func environment(_ name: String, _ value: String) -> State {
        var copy = self
        copy.settings.setEnvironment(name, value)
        return copy
    }

    /// Sets where programs start; a relative path goes on from where they start now.
    public func directory(_ path: String) -> State {
        var copy = self
        copy.settings.directory = path.hasPrefix("/") ? path : UnixPath.join(settings.directory, path)
        return copy
    }

    /// Sets who programs run as: `user`, `uid`, `user:group` or `uid:gid`.
    public func user(_ name: String) -> State {
        var copy = self
        copy.settings.user = name
        return copy
    }

    /// Sets the host name that programs see.
    public func hostname(_ name: String) -> State {
        var copy = self
        copy.settings.hostname = name
        return copy
    }

    /// Sets the network that programs see.
    public func network(_ mode: NetworkMode) -> State {
        var copy = self
        copy.settings.network = mode
        return copy
    }

    /// Sets how far programs are confined.
    public func security(_ mode: SecurityMode) -> State {
        var copy = self
        copy.settings.security = mode
        return copy
    }

    /// Adds a line to `/etc/hosts`.
    public func extraHost(_ host: String, _ address: String) -> State {
        var copy = self
        copy.settings.extraHosts.append(HostAddress(host: host, address: address))
        return copy
    }

    /// Adds a resource limit.
    public func ulimit(_ name: String, soft: Int64, hard: Int64) -> State {
        var copy = self
        copy.settings.ulimits.append(ResourceLimit(name: name, soft: soft, hard: hard))
        return copy
    }

    /// Sets the control group above the container's.
    public func cgroupParent(_ path: String) -> State {
        var copy = self
        copy.settings.cgroupParent = path
        return copy
    }

    /// Sets the system that programs are run for.
    public func platform(_ platform: Platform) -> State {
        var copy = self
        copy.settings.platform = platform
        return copy
    }
}

extension State {
    /// Stacks states, the last on top; how programs are run comes from the first.
    ///
    /// Empty states are left out, and a stack of one is that one.
    public static func merge(_ states: [State], _ options: VertexOptions = VertexOptions()) -> State {
        let inputs = states.filter { $0.output != nil }
        guard let first = inputs.first, inputs.count > 1 else { return inputs.first ?? .scratch }
        return first.with(StateOutput(node: StateNode(.merge(inputs.compactMap(\.output)), options)))
    }

    /// What `upper` has beyond `lower`; how programs are run comes from `lower`.
    public static func diff(_ lower: State, _ upper: State, _ options: VertexOptions = VertexOptions()) -> State {
        guard lower.output != nil else { return upper }
        return lower.with(StateOutput(node: StateNode(.diff(lower: lower.output, upper: upper.output), options)))
    }

    /// Changes files without running a program.
    public func file(_ steps: FileSteps, _ options: VertexOptions = VertexOptions()) -> State {
        with(StateOutput(node: StateNode(.file(steps, on: self), options)))
    }

    /// Runs a program in this file system.
    ///
    /// - Parameters:
    ///   - arguments: The program and its arguments.
    ///   - configure: Adds mounts, secrets and what else holds for this run alone.
    public func run(
        _ arguments: [String],
        _ options: VertexOptions = VertexOptions(),
        configure: (inout RunOptions) -> Void = { _ in }
    ) -> Run {
        var run = RunOptions(settings: settings)
        configure(&run)
        return Run(on: self, arguments: arguments, options: run, vertex: options)
    }

    /// Runs a command line with `/bin/sh -c`.
    public func run(
        shell command: String,
        _ options: VertexOptions = VertexOptions(),
        configure: (inout RunOptions) -> Void = { _ in }
    ) -> Run {
        run(["/bin/sh", "-c", command], options, configure: configure)
    }
}

/// How a program would be run.
struct ProcessSettings: Sendable {
    var environment: [(name: String, value: String)] = []
    var directory = "/"
    var user = ""
    var hostname = ""
    var network = NetworkMode.sandbox
    var security = SecurityMode.sandbox
    var extraHosts: [HostAddress] = []
    var ulimits: [ResourceLimit] = []
    var cgroupParent = ""
    var platform: Platform?

    mutating func setEnvironment(_ name: String, _ value: String) {
        environment.removeAll { $0.name == name }
        environment.append((name, value))
    }
}

/// What holds for one vertex beside what it does.
public struct VertexOptions: Sendable {
    /// The system that its result is for; `nil` for the definition's.
    public var platform: Platform?
    /// Filters that choose a worker.
    public var constraints: [String]
    /// Name, description and the like; capabilities are filled in.
    public var metadata: VertexMetadata

    /// Makes options.
    public init(
        name: String? = nil,
        platform: Platform? = nil,
        constraints: [String] = [],
        metadata: VertexMetadata = VertexMetadata()
    ) {
        self.platform = platform
        self.constraints = constraints
        self.metadata = metadata
        if let name { self.metadata.customName = name }
    }
}

/// A state that can't be turned into a definition.
public enum StateError: Fault, Equatable {
    /// A source is named in a way that can't be read.
    case source(String, reason: String)
    /// A run has no arguments.
    case noArguments
    /// A run has no mount at a path, or one that gives nothing back.
    case noMount(String)

    /// Always `.usage`.
    public var kind: FaultKind { .usage }

    /// One sentence.
    public var description: String {
        switch self {
        case .source(let name, let reason): "source '\(name)': \(reason)"
        case .noArguments: "a run needs arguments; name the program"
        case .noMount(let path): "the run has no mount at '\(path)' that gives a state back; mount one there"
        }
    }
}
