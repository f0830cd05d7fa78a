// SPDX-License-Identifier: Apache-2.0

/// A run of a program, whose mounts are states too.
public struct Run: Sendable {
    /// The file system after the run; where it could not be written, the one before.
    public let root: State
    private let mounts: [(destination: String, state: State?)]

    init(on state: State, arguments: [String], options: RunOptions, vertex: VertexOptions) {
        let plan = RunPlan(base: state.output, arguments: arguments, options: options)
        let node = StateNode(.run(plan), vertex)
        root = options.isRootReadOnly ? state : state.with(StateOutput(node: node, mount: RunPlan.rootMount))
        mounts = options.mounts.enumerated().map { index, mount in
            let made =
                mount.givesOutput ? StateOutput(node: node, mount: index) : mount.isReadOnly ? mount.source.output : nil
            return (mount.destination, made.map { mount.source.with($0) })
        }
    }

    /// What a mount holds after the run; of a read-only one, what it held before.
    ///
    /// - Throws: `StateError.noMount` for a path where nothing is mounted, a cache, or memory.
    public func mount(_ destination: String) throws(StateError) -> State {
        if destination == "/" { return root }
        guard let state = mounts.first(where: { $0.destination == destination })?.state else {
            throw .noMount(destination)
        }
        return state
    }
}

/// What holds for one run alone.
public struct RunOptions: Sendable {
    /// Whether the root can't be written.
    public var isRootReadOnly = false
    /// Proxies, which the cache key leaves out.
    public var proxy: ProxyEnvironment?
    /// Exit codes that count as success; none means 0 alone.
    public var validExitCodes: [Int32] = []
    var settings: ProcessSettings
    var mounts: [PlannedMount] = []
    var secrets: [PlannedSecret] = []
    var sockets: [(destination: String, mount: SecretMount)] = []
    var devices: [ContainerDevice] = []

    init(settings: ProcessSettings) { self.settings = settings }

    /// Sets a variable for this run.
    public mutating func environment(_ name: String, _ value: String) { settings.setEnvironment(name, value) }

    /// Sets where the program starts.
    public mutating func directory(_ path: String) {
        settings.directory = path.hasPrefix("/") ? path : UnixPath.join(settings.directory, path)
    }

    /// Sets who the program runs as.
    public mutating func user(_ name: String) { settings.user = name }

    /// Sets the network that the program sees.
    public mutating func network(_ mode: NetworkMode) { settings.network = mode }

    /// Sets how far the program is confined.
    public mutating func security(_ mode: SecurityMode) { settings.security = mode }

    /// Mounts a state.
    ///
    /// - Parameters:
    ///   - selector: The folder or file of the state that is mounted; empty for all of it.
    ///   - discardsChanges: Whether what the program writes there is thrown away.
    public mutating func mount(
        _ destination: String,
        _ state: State,
        selector: String = "",
        isReadOnly: Bool = false,
        discardsChanges: Bool = false,
        contentCache: ContentCacheHint = .default
    ) {
        mounts.append(
            PlannedMount(
                destination: destination,
                source: state,
                selector: selector,
                isReadOnly: isReadOnly,
                discardsChanges: discardsChanges,
                kind: .bind,
                contentCache: contentCache
            )
        )
    }

    /// Mounts a folder that outlives the build; `state` is what it starts with.
    public mutating func cache(
        _ destination: String,
        id: String,
        sharing: CacheSharing = .shared,
        startingWith state: State = .scratch
    ) {
        mounts.append(
            PlannedMount(
                destination: destination,
                source: state,
                kind: .cache(CacheMount(id: id, sharing: sharing))
            )
        )
    }

    /// Mounts memory of at most `size` bytes; 0 leaves it to the system.
    public mutating func tmpfs(_ destination: String, size: Int64 = 0) {
        mounts.append(PlannedMount(destination: destination, source: .scratch, kind: .tmpfs(size: size)))
    }

    /// Mounts a secret as a file.
    public mutating func secret(
        _ destination: String,
        id: String,
        mode: UInt32 = 0o400,
        uid: UInt32 = 0,
        gid: UInt32 = 0,
        isOptional: Bool = false
    ) {
        let mount = SecretMount(id: id, uid: uid, gid: gid, mode: mode, isOptional: isOptional)
        secrets.append(.file(destination, mount))
    }

    /// Sets a variable to a secret.
    public mutating func secretEnvironment(_ name: String, id: String, isOptional: Bool = false) {
        secrets.append(.variable(SecretVariable(id: id, name: name, isOptional: isOptional)))
    }

    /// Mounts the socket of an SSH agent, and sets `SSH_AUTH_SOCK` to it where it is not set.
    ///
    /// - Parameter destination: Where; empty for a place of the builder's choice.
    public mutating func ssh(
        _ destination: String = "",
        id: String = "",
        mode: UInt32 = 0o600,
        uid: UInt32 = 0,
        gid: UInt32 = 0,
        isOptional: Bool = false
    ) {
        let mount = SecretMount(id: id, uid: uid, gid: gid, mode: mode, isOptional: isOptional)
        let place = destination.isEmpty ? "/run/buildkit/ssh_agent.\(sockets.count)" : destination
        sockets.append((place, mount))
    }

    /// Gives the program a device of the Container Device Interface.
    public mutating func device(_ name: String, isOptional: Bool = false) {
        devices.append(ContainerDevice(name: name, isOptional: isOptional))
    }
}

/// A mount of a run.
struct PlannedMount: Sendable {
    var destination: String
    var source: State
    var selector = ""
    var isReadOnly = false
    var discardsChanges = false
    var kind: MountKind
    var contentCache = ContentCacheHint.default

    /// Whether it becomes an output of the run.
    var givesOutput: Bool { kind == .bind && !isReadOnly && !discardsChanges }
}

/// A secret of a run.
enum PlannedSecret: Sendable {
    case file(String, SecretMount)
    case variable(SecretVariable)
}
