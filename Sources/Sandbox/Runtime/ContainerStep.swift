// SPDX-License-Identifier: Apache-2.0

public import Layers

/// The network that a step sees.
public enum NetworkMode: String, Hashable, Sendable, CaseIterable {
    /// The machine's.
    case host
    /// A loopback device only.
    case none
}

/// How far a step is confined.
public enum SecurityMode: String, Hashable, Sendable, CaseIterable {
    /// The ecosystem's default capabilities, system call filter, masked and read-only paths.
    case sandbox
    /// Everything that reel itself may do.
    case insecure
}

/// A name that `/etc/hosts` of a step gets besides its own.
public struct ExtraHost: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The address, IPv4 or IPv6.
    public var address: String

    /// Makes one of its parts.
    public init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// A resource limit of a process, such as `nofile`.
public struct ProcessLimit: Hashable, Sendable {
    /// The name as in `setrlimit(2)`, in any case, without `RLIMIT_`.
    public var name: String
    /// The soft limit; -1 for none.
    public var soft: Int64
    /// The hard limit; -1 for none.
    public var hard: Int64

    /// Makes one of its parts.
    public init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}

/// What a step may use of the machine; 0 and the empty text stand for "no limit".
public struct ResourceLimits: Hashable, Sendable {
    /// Memory in bytes.
    public var memory: Int64 = 0
    /// Memory and swap together in bytes; -1 for unlimited swap.
    public var memoryAndSwap: Int64 = 0
    /// Relative weight, 2...262144.
    public var cpuShares: Int64 = 0
    /// Microseconds of processor time for each `cpuPeriod`.
    public var cpuQuota: Int64 = 0
    /// Microseconds.
    public var cpuPeriod: Int64 = 0
    /// Processors, such as `0-2,7`.
    public var cpus: String = ""
    /// Memory nodes, such as `0`.
    public var memoryNodes: String = ""

    /// No limits.
    public init() {}
}

/// One command to run in a container: everything that decides what it sees.
///
/// Strings come from LLB's exec op. The result of the step is in its roots afterwards.
public struct ContainerStep: Sendable {
    /// The root file system.
    public var root: MountedRoot
    /// The command and its arguments; at least one.
    public var args: [String]
    /// `NAME=value`, in order.
    public var env: [String]
    /// The working directory, made if it is not there; empty for `/`.
    public var workingDirectory = "/"
    /// Who it runs as.
    public var user = UserNumbers.root
    /// The mode bits that its new files don't get.
    public var umask: UInt16 = 0o022
    /// The host name.
    public var hostname = "buildkitsandbox"
    /// More lines of `/etc/hosts`.
    public var extraHosts: [ExtraHost] = []
    /// Resource limits of the process.
    public var processLimits: [ProcessLimit] = []
    /// Limits of the whole step, which need control groups.
    public var resources = ResourceLimits()
    /// The network.
    public var network = NetworkMode.host
    /// How far it is confined.
    public var security = SecurityMode.sandbox
    /// Mounts besides the root, in order.
    public var mounts: [ContainerMount] = []
    /// The size of `/dev/shm` in bytes.
    public var sharedMemorySize: Int64 = 64 << 20
    /// Whether the root can't be written.
    public var hasReadOnlyRoot = false
    /// Whether directories made on the way to a mount point are removed too.
    public var removesMountPointsRecursively = true

    /// A command in a root, everything else at its default.
    public init(root: MountedRoot, args: [String], env: [String] = []) {
        self.root = root
        self.args = args
        self.env = env
    }
}
