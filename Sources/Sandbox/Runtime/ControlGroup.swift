// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// The control groups of one step, which limit what it uses.
///
/// Made only for steps with limits.
///
/// Source: the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
struct ControlGroup {
    /// The directories, one for each hierarchy that is used.
    let folders: [FilePath]
    /// The file in which the kernel counts processes killed for want of memory, and the word before the count.
    private let kills: (file: FilePath, word: String)?

    /// Makes groups that hold to `limits`.
    ///
    /// - Throws: `SandboxError.unsupported` when the machine has no such control groups.
    init(_ limits: ResourceLimits, name: String) throws {
        let top = FilePath("/sys/fs/cgroup")
        let isUnified = unsafe access(top.appending("cgroup.controllers").string, F_OK) == 0
        let wanted = isUnified ? Self.unified(limits) : Self.legacy(limits)
        var made: [FilePath] = []
        do {
            if isUnified {
                let parent = top.appending("reel")
                let controllers = Set(wanted.map(\.controller)).sorted().map { "+\($0)" }.joined(separator: " ")
                try? Self.write(controllers, to: top.appending("cgroup.subtree_control"))
                try Self.make(parent)
                try Self.write(controllers, to: parent.appending("cgroup.subtree_control"))
                made.append(parent.appending(name))
                try Self.make(parent.appending(name))
            } else {
                for controller in Set(wanted.map(\.controller)).sorted() {
                    let folder = top.appending(controller).appending(name)
                    try Self.make(folder)
                    made.append(folder)
                    if controller == "cpuset" { try Self.inheritSets(folder) }
                }
            }
            for setting in wanted {
                let folder =
                    isUnified
                    ? made.first : made.first { $0.removingLastComponent().lastComponent?.string == setting.controller }
                if let folder { try Self.write(setting.value, to: folder.appending(setting.file)) }
            }
        } catch {
            for folder in made { _ = unsafe rmdir(folder.string) }
            throw SandboxError.unsupported(what: "a limit on the resources of a step", reason: "\(error)")
        }
        folders = made
        if isUnified {
            kills = made.first.map { ($0.appending("memory.events"), "oom_kill") }
        } else {
            kills = made.first { $0.string.contains("/memory/") }.map {
                ($0.appending("memory.oom_control"), "oom_kill")
            }
        }
    }

    /// How many processes were killed for want of memory.
    var outOfMemoryKills: Int {
        guard let kills else { return 0 }
        return KernelCounter.read(kills.file, kills.word) ?? 0
    }

    /// Removes the groups, whose processes are gone.
    func remove() {
        for folder in folders {
            // The kernel lets go of the last process a moment after it was waited for.
            for _ in 0..<100 where unsafe rmdir(folder.string) != 0 && currentErrno() == EBUSY { usleep(2000) }
        }
    }

    // MARK: Settings

    private typealias Setting = (controller: String, file: String, value: String)

    private static func unified(_ limits: ResourceLimits) -> [Setting] {
        var all: [Setting] = []
        if limits.memory > 0 {
            all.append(("memory", "memory.max", String(limits.memory)))
            let swap = limits.memoryAndSwap < 0 ? "max" : String(max(0, swapBudget(limits) - limits.memory))
            all.append(("memory", "memory.swap.max", swap))
        }
        if limits.cpuQuota > 0 || limits.cpuPeriod > 0 {
            let quota = limits.cpuQuota > 0 ? String(limits.cpuQuota) : "max"
            all.append(("cpu", "cpu.max", "\(quota) \(limits.cpuPeriod > 0 ? limits.cpuPeriod : 100_000)"))
        }
        if limits.cpuShares > 0 {
            // Shares 2...262144 become weights 1...10000, as runtimes do it.
            all.append(("cpu", "cpu.weight", String(1 + (limits.cpuShares - 2) * 9999 / 262_142)))
        }
        if !limits.cpus.isEmpty { all.append(("cpuset", "cpuset.cpus", limits.cpus)) }
        if !limits.memoryNodes.isEmpty { all.append(("cpuset", "cpuset.mems", limits.memoryNodes)) }
        return all
    }

    private static func legacy(_ limits: ResourceLimits) -> [Setting] {
        var all: [Setting] = []
        if limits.memory > 0 {
            all.append(("memory", "memory.limit_in_bytes", String(limits.memory)))
            let both = FilePath("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes")
            if unsafe access(both.string, F_OK) == 0 {
                all.append(("memory", "memory.memsw.limit_in_bytes", String(swapBudget(limits))))
            }
        }
        if limits.cpuPeriod > 0 { all.append(("cpu", "cpu.cfs_period_us", String(limits.cpuPeriod))) }
        if limits.cpuQuota > 0 { all.append(("cpu", "cpu.cfs_quota_us", String(limits.cpuQuota))) }
        if limits.cpuShares > 0 { all.append(("cpu", "cpu.shares", String(limits.cpuShares))) }
        if !limits.cpus.isEmpty { all.append(("cpuset", "cpuset.cpus", limits.cpus)) }
        if !limits.memoryNodes.isEmpty { all.append(("cpuset", "cpuset.mems", limits.memoryNodes)) }
        return all
    }

    /// Memory and swap together: twice the memory where nothing is said, as docker has it.
    private static func swapBudget(_ limits: ResourceLimits) -> Int64 {
        limits.memoryAndSwap == 0 ? limits.memory * 2 : limits.memoryAndSwap
    }

    /// A new group of the first generation has no processors and nodes until it is given some.
    private static func inheritSets(_ folder: FilePath) throws {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let above = folder.removingLastComponent().appending(file)
            let value = KernelCounter.text(above) ?? ""
            try write(value, to: folder.appending(file))
        }
    }

    // MARK: Files

    private static func make(_ folder: FilePath) throws {
        guard unsafe mkdir(folder.string, 0o755) == 0 || currentErrno() == EEXIST else {
            throw SystemCallError("mkdir", folder.string)
        }
    }

    private static func write(_ text: String, to file: FilePath) throws {
        let descriptor = try FileDescriptor.open(file, .writeOnly, options: .closeOnExec)
        try descriptor.closeAfter { _ = try descriptor.writeAll(Array(text.utf8)) }
    }
}

/// Small files of the kernel with `word number` lines.
enum KernelCounter {
    /// The number after `word` at the beginning of a line; `nil` when there is none.
    static func read(_ file: FilePath, _ word: String) -> Int? {
        for line in (text(file) ?? "").split(separator: "\n") where line.hasPrefix(word + " ") {
            return Int(line.dropFirst(word.count + 1))
        }
        return nil
    }

    /// The file's text, at most 64 KiB; `nil` when it can't be read.
    static func text(_ file: FilePath) -> String? {
        guard let descriptor = try? FileDescriptor.open(file, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? descriptor.close() }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = (try? unsafe buffer.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }) ?? 0
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
