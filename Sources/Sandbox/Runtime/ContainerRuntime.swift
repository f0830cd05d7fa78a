// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
import Layers
import Synchronization
public import SystemPackage

/// Runs steps in containers, through crun or runc.
public final class ContainerRuntime: Sendable {
    /// Which program, found by `RuntimeProgram.find`.
    public let program: RuntimeProgram
    /// Bundles, and the runtime's state, are below it: a folder of this process alone.
    public let folder: FilePath
    /// The namespaces of this process.
    public let namespaces: NamespaceEntry

    private let clock: any WallClock
    /// The filter of confined steps, and the digest of its canonical JSON.
    private let filter: (json: JSONValue, digest: ContentDigest)
    private let filters: FilterCache
    private let files: StepFiles
    private let devices: DeviceGroup?
    private let counter = Atomic<Int>(0)

    /// Prepares to run steps.
    ///
    /// - Parameters:
    ///   - folder: Made if it is not there; removed by whoever cleans up after the process, once `close` was called.
    ///   - cache: A folder that outlives the process, for what can be made again; made if it is not there.
    ///   - clock: Tells the offsets of output.
    /// - Throws: `SystemCallError`.
    public init(
        program: RuntimeProgram,
        folder: FilePath,
        cache: FilePath,
        namespaces: NamespaceEntry,
        clock: any WallClock
    ) throws {
        self.program = program
        self.folder = folder
        self.namespaces = namespaces
        self.clock = clock
        let filter = SystemCallFilter(capabilities: Capabilities.standard, machine: Self.machineName()).json
        self.filter = (filter, ContentDigest(of: filter.canonicalBytes))
        try folder.makeFolder()
        Self.mountMemory(at: folder)
        try cache.makeFolder()
        filters = FilterCache(in: cache)
        files = StepFiles(in: folder)
        // An ordinary user can't make device nodes, so there is nothing to keep them from.
        devices = namespaces.isRootless ? nil : DeviceGroup.shared
    }

    /// The capabilities that a step gets, sorted by name.
    ///
    /// The default set of containers; without `CAP_MKNOD` on machines where nothing confines device nodes.
    public func capabilities(for security: SecurityMode) -> [String] {
        if security == .insecure { return Capabilities.own() }
        // Without a control group nothing would keep a step from the machine's disks.
        let isSafe = namespaces.isRootless || devices != nil
        return isSafe ? Capabilities.standard : Capabilities.standard.filter { $0 != "CAP_MKNOD" }
    }

    /// The digest of the canonical JSON of the system call filter; `nil` where none is in force.
    public func seccompDigest(for security: SecurityMode) -> ContentDigest? {
        security == .sandbox ? filter.digest : nil
    }

    /// Runs a step to its end.
    ///
    /// Cancelling the task kills every process of the step within a second; `CancellationError` is thrown when they
    /// are gone. However it ends, no process, mount or folder stays, and mount points that were made are removed.
    ///
    /// - Parameter output: Called from one thread at a time, in the order of the offsets; the container waits while it
    ///   runs once the pipes are full.
    /// - Throws: `SandboxError`, `MountError`, `CancellationError`.
    public func run(
        _ step: ContainerStep,
        output: @escaping @Sendable (OutputChunk) -> Void
    ) async throws -> ContainerExit {
        let life = StepLife()
        return try await withTaskCancellationHandler {
            try await BlockingThread.run { try self.runBlocking(step, life, output) }
        } onCancel: {
            life.cancel()
        }
    }

    /// Unmounts what is kept for the process; nothing may run any more.
    public func close() { try? Unmount.path(folder) }

    /// Keeps what a step needs for a moment in memory.
    ///
    /// Some file systems take long to make a file soon after others were removed, and each step makes a dozen. Where it
    /// can't be mounted the folder serves as it is.
    private static func mountMemory(at folder: FilePath) {
        let flags = UInt(MS_NOSUID | MS_NODEV)
        _ = unsafe mount("reel", folder.string, "tmpfs", flags, "mode=700,size=256m")
    }

    private static func machineName() -> String {
        var name = utsname()
        unsafe uname(&name)
        return unsafe withUnsafeBytes(of: &name.machine) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension ContainerRuntime {
    /// Runs a step on a thread that may block.
    private func runBlocking(
        _ step: ContainerStep,
        _ life: StepLife,
        _ output: @escaping @Sendable (OutputChunk) -> Void
    ) throws -> ContainerExit {
        defer { life.finish() }
        try check(step)
        let id = "\(GroupFolder.prefix)\(getpid())-\(counter.add(1, ordering: .relaxed).newValue)"
        let bundle = folder.appending(id)
        try bundle.makeFolder()
        defer { try? TreeRemoval.remove(bundle) }
        let group = step.resources == ResourceLimits() ? nil : try ControlGroup(step.resources, name: id)
        defer { group?.remove() }
        let groups = try self.groups(for: step.security, limits: group)
        let mounts = StepMounts(step, staging: bundle.appending("mounts"))
        do {
            try mounts.prepare()
            let killsBefore = Self.machineKills()
            let outcome = try launch(step, mounts, bundle: bundle, id: id, groups: groups, life, output)
            try mounts.removeMountPoints()
            let isCounted = (group?.outOfMemoryKills ?? 0) > 0
            return Self.exit(outcome, isCounted: isCounted, killsBefore: killsBefore)
        } catch {
            try? mounts.removeMountPoints()
            throw error
        }
    }

    /// The control groups that a step joins: those for its limits.
    private func groups(for security: SecurityMode, limits: ControlGroup?) throws -> [FilePath] {
        let own = limits?.folders ?? []
        // In the second generation a process is in one group only, so this one needs the rules for devices too.
        guard security == .sandbox, let devices, devices.isUnified else { return own.map(\.path) }
        for folder in own { try folder.confineDevices() }
        return own.map(\.path)
    }

    /// Refuses what an ordinary user with one id can't do.
    private func check(_ step: ContainerStep) throws(SandboxError) {
        guard !step.args.isEmpty else {
            throw .unsupported(what: "a step without a command", reason: "there is nothing to run")
        }
        guard namespaces.identity == .singleID, step.user.uid != 0 || step.user.gid != 0 else { return }
        let reason = "one id only is mapped, since \(namespaces.singleID?.rawValue ?? "there are no others")"
        throw .unsupported(
            what: "a step as user \(step.user.uid):\(step.user.gid)",
            reason: reason + "; 'reel doctor' tells how to mend it"
        )
    }

    private func launch(
        _ step: ContainerStep,
        _ mounts: StepMounts,
        bundle: FilePath,
        id: String,
        groups: [FilePath],
        _ life: StepLife,
        _ output: @escaping @Sendable (OutputChunk) -> Void
    ) throws -> reel_outcome {
        var specification = StepSpecification(
            step: step,
            namespaces: namespaces,
            files: try files.files(for: step),
            sources: mounts.sources,
            capabilities: capabilities(for: step.security)
        ).specification()
        let compiling = addFilter(to: &specification, step.security)
        try SmallFile.write(specification.json.canonicalBytes, to: bundle.appending("config.json"), mode: 0o600)
        let state = bundle.appending("state")
        let log = bundle.appending("log")
        let pidFile = bundle.appending("pid")
        let supervision = Supervision(
            program: program.path,
            arguments: program.arguments(state: state, log: log, pidFile: pidFile, bundle: bundle, id: id),
            pidFile: pidFile,
            groups: groups,
            isServed: step.security == .sandbox && program.kind == .crun,
            clock: clock,
            output: output
        )
        defer { if program.kind == .runc { deleteByRuntime(id, state: state) } }
        let outcome = try supervision.run(life)
        if life.wasCancelled || outcome.was_killed != 0 { throw CancellationError() }
        guard outcome.has_container != 0 else {
            throw SandboxError.notStarted(runtime: program.kind.rawValue, reason: Self.reason(log, outcome))
        }
        if let compiling { filters.keep(state.appending(id).appending("seccomp.bpf"), for: compiling) }
        return outcome
    }

    /// Adds the filter, compiled if crun has compiled it before.
    ///
    /// - Returns: The digest of a filter that is compiled now.
    private func addFilter(to specification: inout RuntimeSpecification, _ security: SecurityMode) -> ContentDigest? {
        guard security == .sandbox else { return nil }
        if program.kind == .crun, let compiled = filters.program(for: filter.digest) {
            specification.annotations[FilterCache.annotation] = compiled
            return nil
        }
        specification.seccomp = filter.json
        return program.kind == .crun ? filter.digest : nil
    }

    /// runc keeps control groups of its own, which only it removes.
    private func deleteByRuntime(_ id: String, state: FilePath) {
        let arguments = [program.kind.rawValue, "--root", state.string, "delete", "--force", id]
        let supervision = Supervision(
            program: program.path,
            arguments: arguments,
            pidFile: state.appending("none"),
            groups: [],
            isServed: false,
            clock: clock,
            output: { _ in }
        )
        _ = try? supervision.run(StepLife())
    }

    // MARK: The end

    /// What the runtime wrote into its log, one JSON object a line.
    private static func reason(_ log: FilePath, _ outcome: reel_outcome) -> String {
        let lines = (KernelCounter.text(log) ?? "").split(separator: "\n")
        let messages = lines.compactMap { try? JSONValue(parsing: Array($0.utf8))["msg"]?.text }
        if !messages.isEmpty { return messages.joined(separator: "; ") }
        return "it ended with wait status \(outcome.runtime_status) and said nothing"
    }

    private static func exit(_ outcome: reel_outcome, isCounted: Bool, killsBefore: Int?) -> ContainerExit {
        let status = outcome.container_status
        let signal = status & 0x7F
        let end: ContainerExit.Outcome = signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal)
        var usage = ContainerExit.Usage()
        usage.userTime = outcome.user_time
        usage.systemTime = outcome.system_time
        usage.peakMemory = outcome.peak_kib * 1024
        let wasKilled = end == .signaled(SIGKILL) || end == .exited(128 + SIGKILL)
        var outOfMemory: ContainerExit.OutOfMemory?
        if isCounted, end != .exited(0) {
            outOfMemory = .counted
        } else if wasKilled, let killsBefore, let now = machineKills(), now > killsBefore {
            outOfMemory = .likely
        }
        return ContainerExit(outcome: end, outOfMemory: outOfMemory, usage: usage)
    }

    /// How many processes the machine has killed for want of memory since it started.
    private static func machineKills() -> Int? { KernelCounter.read("/proc/vmstat", "oom_kill") }
}
