// SPDX-License-Identifier: Apache-2.0

/// Runs a program in a container.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `ExecOp`.
public struct ExecOperation: Hashable, Sendable {
    /// The process.
    public var process: ExecProcess
    /// The container's file systems, one of them at `/`.
    public var mounts: [ExecMount]
    /// The network it sees.
    public var network: NetworkMode
    /// How far it is confined.
    public var security: SecurityMode
    /// Variables whose values are secrets.
    public var secretEnvironment: [SecretVariable]
    /// Devices named by the Container Device Interface.
    public var devices: [ContainerDevice]

    /// Makes an operation.
    public init(
        process: ExecProcess,
        mounts: [ExecMount],
        network: NetworkMode = .sandbox,
        security: SecurityMode = .sandbox,
        secretEnvironment: [SecretVariable] = [],
        devices: [ContainerDevice] = []
    ) {
        self.process = process
        self.mounts = mounts
        self.network = network
        self.security = security
        self.secretEnvironment = secretEnvironment
        self.devices = devices
    }
}

/// The process of an `ExecOperation`.
///
/// Source: BuildKit, `solver/pb/ops.proto`, `Meta`.
public struct ExecProcess: Hashable, Sendable {
    /// The program and its arguments, at least one.
    public var arguments: [String]
    /// `KEY=value`, in order.
    public var environment: [String]
    /// Where it starts; a path within the container.
    public var workingDirectory: String
    /// `user`, `uid`, `user:group` or `uid:gid`; empty for root.
    public var user: String
    /// Proxies, which the cache key leaves out.
    public var proxy: ProxyEnvironment?
    /// Further lines of `/etc/hosts`.
    public var extraHosts: [HostAddress]
    /// The container's host name; empty for the builder's default.
    public var hostname: String
    /// Resource limits.
    public var ulimits: [ResourceLimit]
    /// The control group above the container's; empty for the builder's default.
    public var cgroupParent: String
    /// Whether folders made for mount points go away with every empty one above them.
    public var removesMountStubsRecursively: Bool
    /// Exit codes that count as success; none means 0 alone.
    public var validExitCodes: [Int32]

    /// Makes a process; what is not named here is empty, and may be set afterwards.
    public init(arguments: [String], environment: [String] = [], workingDirectory: String = "/", user: String = "") {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        proxy = nil
        extraHosts = []
        hostname = ""
        ulimits = []
        cgroupParent = ""
        removesMountStubsRecursively = false
        validExitCodes = []
    }
}

/// Proxies of a process.
public struct ProxyEnvironment: Hashable, Sendable {
    /// `http_proxy` and `HTTP_PROXY`.
    public var http: String
    /// `https_proxy` and `HTTPS_PROXY`.
    public var https: String
    /// `ftp_proxy` and `FTP_PROXY`.
    public var ftp: String
    /// `no_proxy` and `NO_PROXY`.
    public var excluded: String
    /// `all_proxy` and `ALL_PROXY`.
    public var all: String

    /// Makes one; an empty text sets nothing.
    public init(http: String = "", https: String = "", ftp: String = "", excluded: String = "", all: String = "") {
        self.http = http
        self.https = https
        self.ftp = ftp
        self.excluded = excluded
        self.all = all
    }
}

/// A line of `/etc/hosts`.
public struct HostAddress: Hashable, Sendable {
    /// The name.
    public var host: String
    /// The address, as text.
    public var address: String

    /// Makes one.
    public init(host: String, address: String) {
        self.host = host
        self.address = address
    }
}

/// A resource limit of a process.
public struct ResourceLimit: Hashable, Sendable {
    /// Its name as `ulimit` options of docker spell it, such as `nofile`.
    public var name: String
    /// The limit that is in force; -1 for none.
    public var soft: Int64
    /// How far the process may raise it; -1 for no bound.
    public var hard: Int64

    /// Makes one.
    public init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

/// The network of a container.
public enum NetworkMode: Int, Hashable, Sendable {
    /// The builder's default.
    case sandbox = 0
    /// The machine's.
    case host = 1
    /// None but the loopback.
    case none = 2
}

/// How far a container is confined.
public enum SecurityMode: Int, Hashable, Sendable {
    /// The default confinement.
    case sandbox = 0
    /// None; needs an entitlement.
    case insecure = 1
}

/// An environment variable whose value is a secret.
public struct SecretVariable: Hashable, Sendable {
    /// The secret's id.
    public var id: String
    /// The variable.
    public var name: String
    /// Whether the step runs without it.
    public var isOptional: Bool

    /// Makes one.
    public init(id: String, name: String, isOptional: Bool = false) {
        self.id = id
        self.name = name
        self.isOptional = isOptional
    }
}

/// A device named by the Container Device Interface.
public struct ContainerDevice: Hashable, Sendable {
    /// Its qualified name, such as `vendor.com/gpu=0`.
    public var name: String
    /// Whether the step runs without it.
    public var isOptional: Bool

    /// Makes one.
    public init(name: String, isOptional: Bool = false) {
        self.name = name
        self.isOptional = isOptional
    }
}
