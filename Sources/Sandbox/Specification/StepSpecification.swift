// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// Turns a step into a runtime's specification.
struct StepSpecification {
    /// Files that are made for a step and mounted over its own.
    struct Files {
        let hosts: FilePath
        let resolver: FilePath
    }

    let step: ContainerStep
    let namespaces: NamespaceEntry
    let files: Files
    /// Where the sources of `step.mounts` are found, one for each.
    let sources: [FilePath?]
    let capabilities: [String]

    private var isConfined: Bool { step.security == .sandbox }

    /// The specification, still without a filter of system calls.
    func specification() -> RuntimeSpecification {
        var result = RuntimeSpecification()
        result.process = process
        result.rootPath = step.root.path.string
        result.isRootReadOnly = step.hasReadOnlyRoot || !step.root.isWritable
        result.hostname = step.hostname
        result.mounts = Self.lastOfEach(standardMounts + fileMounts + ownMounts)
        result.namespaces = ["pid", "ipc", "uts", "mount", "cgroup"] + (step.network == .none ? ["network"] : [])
        if isConfined {
            result.maskedPaths = Self.maskedPaths
            result.readOnlyPaths = Self.readOnlyPaths
        } else if !namespaces.isRootless {
            result.devices = Self.moreDevices
        }
        return result
    }

    private var process: RuntimeSpecification.Process {
        var process = RuntimeSpecification.Process()
        process.arguments = step.args
        process.environment = step.env
        process.workingDirectory = step.absoluteWorkingDirectory
        process.uid = step.user.uid
        process.gid = step.user.gid
        process.umask = step.umask
        // With one id only the kernel allows no change of groups.
        if namespaces.identity != .singleID {
            let more = step.user.additionalGroups
            process.additionalGroups = more.contains(step.user.gid) ? more : [step.user.gid] + more
        }
        process.capabilities = capabilities
        if !isConfined { process.inheritedCapabilities = capabilities }
        process.limits = step.processLimits.map {
            ("RLIMIT_" + $0.name.uppercased(), UInt64(bitPattern: $0.soft), UInt64(bitPattern: $0.hard))
        }
        return process
    }

    /// What containers have by default.
    ///
    /// Source: OCI runtime specification, "config-linux.md", "Default Filesystems".
    private var standardMounts: [RuntimeSpecification.Mount] {
        typealias Mount = RuntimeSpecification.Mount
        let plain = ["nosuid", "noexec", "nodev"]
        let device = ["nosuid", "strictatime", "mode=755", "size=65536k"]
        let group = namespaces.identity == .singleID ? [] : ["gid=5"]
        let terminals = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] + group
        let shared = plain + ["mode=1777", "size=\(step.sharedMemorySize)"]
        let access = isConfined ? ["ro"] : ["rw"]
        // An ordinary user may mount sysfs for a network of the step's own only, and show what is there of the machine's.
        let system =
            namespaces.isRootless && step.network == .host
            ? Mount(destination: "/sys", type: "bind", source: "/sys", options: plain + ["rbind"] + access)
            : Mount(destination: "/sys", type: "sysfs", source: "sysfs", options: plain + access)
        return [
            Mount(destination: "/proc", type: "proc", source: "proc", options: plain),
            Mount(destination: "/dev", type: "tmpfs", source: "tmpfs", options: device),
            Mount(destination: "/dev/pts", type: "devpts", source: "devpts", options: terminals),
            Mount(destination: "/dev/shm", type: "tmpfs", source: "shm", options: shared),
            Mount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: plain),
            system,
        ]
    }

    private var fileMounts: [RuntimeSpecification.Mount] {
        [("/etc/resolv.conf", files.resolver), ("/etc/hosts", files.hosts)].map { path, file in
            let options = ["nosuid", "noexec", "nodev", "rbind", "ro"]
            return RuntimeSpecification.Mount(
                destination: path,
                type: "bind",
                source: file.string,
                options: options
            )
        }
    }

    private var ownMounts: [RuntimeSpecification.Mount] {
        zip(step.mounts, sources).map { mount, source in
            let access = mount.isReadOnly ? ["ro"] : ["rw"]
            if case .temporary(let size) = mount.source {
                let limit = size > 0 ? ["size=\(size)"] : []
                return RuntimeSpecification.Mount(
                    destination: mount.normalizedDestination,
                    type: "tmpfs",
                    source: "tmpfs",
                    options: ["nosuid", "mode=1777"] + limit + access
                )
            }
            return RuntimeSpecification.Mount(
                destination: mount.normalizedDestination,
                type: "bind",
                source: source?.string ?? "",
                options: ["rbind"] + access
            )
        }
    }

    /// A later mount takes the place of an earlier one with the same destination.
    private static func lastOfEach(_ mounts: [RuntimeSpecification.Mount]) -> [RuntimeSpecification.Mount] {
        var places: [String: Int] = [:]
        var result: [RuntimeSpecification.Mount] = []
        for mount in mounts {
            if let place = places[mount.destination] {
                result[place] = mount
            } else {
                places[mount.destination] = result.count
                result.append(mount)
            }
        }
        return result
    }

    // MARK: Paths of the kernel

    /// What tells too much of the machine, as containerd has it.
    static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi",
    ]

    /// What would change the machine.
    static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// What insecure steps have besides the default devices, as in BuildKit.
    private static let moreDevices: [RuntimeSpecification.Device] =
        [
            ("/dev/kmsg", 1, 11), ("/dev/cuse", 10, 203), ("/dev/fuse", 10, 229), ("/dev/kvm", 10, 232),
            ("/dev/net/tun", 10, 200), ("/dev/loop-control", 10, 237),
        ].map { RuntimeSpecification.Device(path: $0, type: "c", major: $1, minor: $2) }
        + (0..<8).map { RuntimeSpecification.Device(path: "/dev/loop\($0)", type: "b", major: 7, minor: $0) }
}

extension ContainerStep {
    /// The working directory from `/` on, without `.` and `..`.
    var absoluteWorkingDirectory: String { ContainerMount.normalized(workingDirectory) }
}

extension ContainerMount {
    /// The destination from `/` on, without `.` and `..`.
    var normalizedDestination: String { Self.normalized(destination) }

    /// `path` from `/` on, without `.`, `..` and empty components.
    static func normalized(_ path: String) -> String {
        var kept: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." { _ = kept.popLast() } else { kept.append(component) }
        }
        return "/" + kept.joined(separator: "/")
    }
}
