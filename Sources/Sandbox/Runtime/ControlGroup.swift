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
    /// The groups, one for each hierarchy that is used.
    let folders: [GroupFolder]
    /// The file in which the kernel counts processes killed for want of memory.
    private let kills: FilePath?

    /// Makes groups that hold to `limits`.
    ///
    /// - Parameter name: Begins as all names of groups do.
    /// - Throws: `SandboxError.unsupported` when the machine has no such control groups.
    init(_ limits: ResourceLimits, name: String) throws {
        let top = GroupHierarchies.top
        let isUnified = GroupHierarchies.areUnified
        let wanted = isUnified ? Self.unified(limits) : Self.legacy(limits)
        let controllers = Set(wanted.map(\.controller)).sorted()
        var made: [String: GroupFolder] = [:]
        do {
            if isUnified {
                let words = controllers.map { "+\($0)" }.joined(separator: " ")
                // They may be on already; what is missing shows when a limit is written.
                try? Self.write(words, to: top.appending("cgroup.subtree_control"))
                made[""] = try GroupFolder(top.appending(name))
            } else {
                for controller in controllers {
                    let folder = try GroupFolder(top.appending(controller).appending(name))
                    made[controller] = folder
                    if controller == "cpuset" { try Self.inheritSets(folder) }
                }
            }
            for setting in wanted {
                try made[isUnified ? "" : setting.controller]?.write(setting.value, to: setting.file)
            }
        } catch {
            for folder in made.values { folder.remove() }
            throw SandboxError.unsupported(what: "a limit on the resources of a step", reason: "\(error)")
        }
        folders = made.sorted { $0.key < $1.key }.map(\.value)
        kills =
            isUnified
            ? made[""]?.path.appending("memory.events") : made["memory"]?.path.appending("memory.oom_control")
    }

    /// How many processes were killed for want of memory.
    var outOfMemoryKills: Int { kills.flatMap { KernelCounter.read($0, "oom_kill") } ?? 0 }

    /// Removes the groups, whose processes are gone.
    func remove() { for folder in folders { folder.remove() } }

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
    private static func inheritSets(_ folder: GroupFolder) throws {
        for file in ["cpuset.cpus", "cpuset.mems"] {
            let above = folder.path.removingLastComponent().appending(file)
            try folder.write(KernelCounter.text(above) ?? "", to: file)
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
