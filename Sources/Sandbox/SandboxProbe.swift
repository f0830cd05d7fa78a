// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
public import SystemPackage

/// What this machine offers for running steps, what is used of it and why: facts for `reel doctor`.
public struct SandboxProbe: Hashable, Sendable {
    /// One fact.
    public struct Fact: Hashable, Sendable {
        /// A word for programs, such as `runtime`, `erofs`, `overlay`, `newuidmap`.
        public let name: String
        /// Whether it is as it should be.
        public let isGood: Bool
        /// What is so, such as `crun version 1.8.1 at /usr/bin/crun`.
        public let finding: String
        /// The one command, or sentence, that mends it; `nil` where nothing must be.
        public let remedy: String?
    }

    /// The facts, in a fixed order.
    public let facts: [Fact]
    /// The driver for snapshots: `erofs` or `directory`.
    public let driver: String
    /// Why that one, as a clause.
    public let driverReason: String

    /// Looks at the machine.
    ///
    /// Whatever it tries, it undoes.
    ///
    /// - Parameters:
    ///   - namespaces: What `NamespaceEntry.enter()` gave; `nil` when it failed.
    ///   - folder: A writable folder on the file system of the data root.
    ///   - searchPath: `PATH`.
    ///   - runtime: The runtime that was asked for, as `RuntimeProgram.find` takes it.
    ///   - uid: Who started the process, as seen outside of its namespaces.
    public static func look(
        namespaces: NamespaceEntry?,
        folder: FilePath,
        searchPath: String,
        runtime preferred: String? = nil,
        uid: UInt32
    ) -> SandboxProbe {
        let refusal = namespaces == nil ? "there are no namespaces" : DriverChoice.erofsRefusal(in: folder)
        let remedy = RootlessRemedy(
            user: userName(uid),
            hasMappers: mappers.allSatisfy { find($0, searchPath) != nil },
            read: { KernelCounter.text(FilePath($0)) }
        )
        let facts =
            [
                kernel(), runtime(searchPath, preferred), identity(namespaces, remedy), erofs(refusal, namespaces),
                overlay(namespaces, folder, searchPath),
            ] + mappers.map { mapper($0, namespaces, searchPath) } + [controlGroups(namespaces)]
        return SandboxProbe(
            facts: facts,
            driver: refusal == nil ? "erofs" : "directory",
            driverReason: refusal ?? "the kernel mounts EROFS images from files"
        )
    }

    private static let mappers = ["newuidmap", "newgidmap"]

    private static func userName(_ uid: UInt32) -> String {
        guard let entry = unsafe getpwuid(uid) else { return String(uid) }
        return unsafe String(cString: entry.pointee.pw_name)
    }

    /// The program `name` in the folders of `searchPath`.
    private static func find(_ name: String, _ searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
    }

    private static func good(_ name: String, _ finding: String) -> Fact {
        Fact(name: name, isGood: true, finding: finding, remedy: nil)
    }

    private static func kernel() -> Fact {
        var system = utsname()
        unsafe uname(&system)
        let release = unsafe withUnsafeBytes(of: &system.release) { raw in
            unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return good("kernel", "Linux \(release)")
    }

    private static func runtime(_ searchPath: String, _ preferred: String?) -> Fact {
        do {
            let program = try RuntimeProgram.find(searchPath: searchPath, preferred: preferred)
            guard let version = program.version() else {
                let finding = "\(program.path) can't be run"
                return Fact(name: "runtime", isGood: false, finding: finding, remedy: "sudo apt install crun")
            }
            return good("runtime", "\(version) at \(program.path)")
        } catch {
            return Fact(name: "runtime", isGood: false, finding: "\(error)", remedy: "sudo apt install crun")
        }
    }

    private static func identity(_ namespaces: NamespaceEntry?, _ remedy: RootlessRemedy) -> Fact {
        let name = "namespaces"
        guard let namespaces else {
            let finding = "this process may not make namespaces"
            return Fact(name: name, isGood: false, finding: finding, remedy: remedy.namespaceCommand)
        }
        switch namespaces.identity {
        case .root: return good(name, "root, in a mount namespace of its own")
        case .mappedIDs: return good(name, "root in a user namespace only, with mapped ids")
        case .singleID:
            let cause = namespaces.singleID
            let finding = "an ordinary user with one id: \(cause?.rawValue ?? "no more are mapped")"
            return Fact(name: name, isGood: false, finding: finding, remedy: cause.map(remedy.command))
        }
    }

    private static func erofs(_ refusal: String?, _ namespaces: NamespaceEntry?) -> Fact {
        guard let refusal else { return good("erofs", "layers are mounted from their tars") }
        let finding = "layers are unpacked, since EROFS images can't be mounted from files: \(refusal)"
        // An ordinary user can't have it, and does without.
        if namespaces?.isRootless == true { return good("erofs", finding) }
        return Fact(name: "erofs", isGood: false, finding: finding, remedy: "root on Linux 6.12 or later with EROFS")
    }

    private static func overlay(_ namespaces: NamespaceEntry?, _ folder: FilePath, _ searchPath: String) -> Fact {
        let name = "overlay"
        guard let namespaces else {
            return Fact(name: name, isGood: false, finding: "not tried without namespaces", remedy: nil)
        }
        let refusal = DriverChoice.overlayRefusal(in: folder, isRootless: namespaces.isRootless)
        guard let refusal else { return good(name, namespaces.isRootless ? "overlayfs with userxattr" : "overlayfs") }
        let finding = "the kernel refuses overlayfs in \(folder): \(refusal)"
        guard namespaces.isRootless else {
            let remedy = "keep the data root on ext4, xfs or btrfs ($REEL_ROOT)"
            return Fact(name: name, isGood: false, finding: finding, remedy: remedy)
        }
        if let program = DriverChoice.fuseProgram(searchPath: searchPath) {
            guard unsafe access("/dev/fuse", R_OK | W_OK) == 0 else {
                let isThere = unsafe access("/dev/fuse", F_OK) == 0
                let remedy = isThere ? "sudo chmod 666 /dev/fuse" : "sudo modprobe fuse"
                return Fact(
                    name: name,
                    isGood: false,
                    finding: "\(finding), and /dev/fuse can't be opened",
                    remedy: remedy
                )
            }
            return good(name, "\(program), since \(finding)")
        }
        return Fact(name: name, isGood: false, finding: finding, remedy: "sudo apt install fuse-overlayfs")
    }

    private static func mapper(_ name: String, _ namespaces: NamespaceEntry?, _ searchPath: String) -> Fact {
        if let found = find(name, searchPath) { return good(name, found) }
        let isNeeded = namespaces?.identity != .root
        return Fact(
            name: name,
            isGood: !isNeeded,
            finding: "not installed",
            remedy: isNeeded ? "sudo apt install uidmap" : nil
        )
    }

    private static func controlGroups(_ namespaces: NamespaceEntry?) -> Fact {
        let unified = GroupHierarchies.areUnified
        let memory = unsafe access("/sys/fs/cgroup/memory/tasks", F_OK) == 0
        let kind = unified ? "second generation" : memory ? "first generation" : "none that steps can use"
        let hidden = namespaces?.cgroupsHidden.map { "; \($0)" } ?? ""
        return good("cgroups", "\(kind), for limits on steps only\(hidden)")
    }
}
