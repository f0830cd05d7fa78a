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
    public static func look(namespaces: NamespaceEntry?, folder: FilePath, searchPath: String) -> SandboxProbe {
        let refusal = namespaces == nil ? "no namespaces" : DriverChoice.erofsRefusal(in: folder)
        let facts = [
            kernel(), runtime(searchPath), identity(namespaces), erofs(refusal), overlay(namespaces, folder),
            mapper("newuidmap", namespaces, searchPath), mapper("newgidmap", namespaces, searchPath),
            controlGroups(namespaces),
        ]
        return SandboxProbe(
            facts: facts,
            driver: refusal == nil ? "erofs" : "directory",
            driverReason: refusal ?? "the kernel mounts EROFS images from files"
        )
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

    private static func runtime(_ searchPath: String) -> Fact {
        do {
            let program = try RuntimeProgram.find(searchPath: searchPath)
            guard let version = program.version() else {
                let finding = "\(program.path) can't be run"
                return Fact(name: "runtime", isGood: false, finding: finding, remedy: "apt install crun")
            }
            return good("runtime", "\(version) at \(program.path)")
        } catch {
            return Fact(name: "runtime", isGood: false, finding: "neither crun nor runc", remedy: "apt install crun")
        }
    }

    private static func identity(_ namespaces: NamespaceEntry?) -> Fact {
        guard let namespaces else {
            return Fact(
                name: "namespaces",
                isGood: false,
                finding: "this process may not make namespaces",
                remedy: "sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, or run as root"
            )
        }
        switch namespaces.identity {
        case .root: return good("namespaces", "root, in a mount namespace of its own")
        case .mappedIDs: return good("namespaces", "an ordinary user, root in a user namespace with mapped ids")
        case .singleID:
            return Fact(
                name: "namespaces",
                isGood: false,
                finding: "an ordinary user with one id: \(namespaces.singleIDReason ?? "no more are mapped")",
                remedy: "apt install uidmap, and as root: usermod --add-subuids 100000-165535 "
                    + "--add-subgids 100000-165535 USER"
            )
        }
    }

    private static func erofs(_ refusal: String?) -> Fact {
        guard let refusal else { return good("erofs", "layers are mounted from their tars") }
        let finding = "layers are unpacked, since EROFS images can't be mounted from files: \(refusal)"
        return Fact(name: "erofs", isGood: false, finding: finding, remedy: "root on Linux 6.12 or later with EROFS")
    }

    /// Mounts an empty overlay.
    private static func overlay(_ namespaces: NamespaceEntry?, _ folder: FilePath) -> Fact {
        guard let namespaces else {
            return Fact(name: "overlay", isGood: false, finding: "not tried without namespaces", remedy: nil)
        }
        let place = folder.appending("probe-overlay")
        defer { try? TreeRemoval.remove(place) }
        do {
            for name in ["lower", "upper", "work", "root"] { try place.appending(name).makeFolder() }
            let marks = namespaces.isRootless ? ",userxattr" : ""
            let options = "lowerdir=\(place)/lower,upperdir=\(place)/upper,workdir=\(place)/work\(marks)"
            let root = place.appending("root").string
            guard unsafe mount("reel", root, "overlay", 0, options) == 0 else {
                throw SystemCallError("mount", "overlay on \(folder)")
            }
            _ = unsafe umount2(root, 0)
            return good("overlay", namespaces.isRootless ? "overlayfs with userxattr" : "overlayfs")
        } catch {
            return Fact(
                name: "overlay",
                isGood: false,
                finding: "\(error)",
                remedy: "keep the data root on ext4, xfs or btrfs ($REEL_ROOT), on Linux 5.11 or later"
            )
        }
    }

    private static func mapper(_ name: String, _ namespaces: NamespaceEntry?, _ searchPath: String) -> Fact {
        let folders = searchPath.split(separator: ":").map(String.init) + ["/usr/bin"]
        let found = folders.first { unsafe access("\($0)/\(name)", X_OK) == 0 }
        if let found { return good(name, "\(found)/\(name)") }
        let isNeeded = namespaces?.identity != .root
        return Fact(
            name: name,
            isGood: !isNeeded,
            finding: "not installed",
            remedy: isNeeded ? "apt install uidmap" : nil
        )
    }

    private static func controlGroups(_ namespaces: NamespaceEntry?) -> Fact {
        let unified = unsafe access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0
        let memory = unsafe access("/sys/fs/cgroup/memory/tasks", F_OK) == 0
        let kind = unified ? "second generation" : memory ? "first generation" : "none that steps can use"
        let hidden = namespaces?.cgroupsHidden.map { "; \($0)" } ?? ""
        return good("cgroups", "\(kind), for limits on steps only\(hidden)")
    }
}
