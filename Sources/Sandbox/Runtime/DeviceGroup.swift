// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A control group in which processes may use the devices of every container and no others.
///
/// One for all steps of a process. The step server enters it once; it is removed when this process ends.
///
/// Source: the kernel's Documentation/admin-guide/cgroup-v1/devices.rst, and cgroup-v2.rst, "Device controller".
final class DeviceGroup: Sendable {
    /// Whether the control groups are of the second generation.
    let isUnified: Bool
    private let folder: GroupFolder

    /// The group of this process, with the step server in it; `nil` where that is not possible.
    static let shared = DeviceGroup()

    private init?() {
        isUnified = GroupHierarchies.areUnified
        for hierarchy in GroupHierarchies.all { GroupFolder.removeLeftovers(in: hierarchy) }
        let top = isUnified ? GroupHierarchies.top : GroupHierarchies.top.appending("devices")
        guard let made = try? GroupFolder(top.appending("\(GroupFolder.prefix)\(getpid())")) else { return nil }
        folder = made
        do {
            if isUnified {
                try made.confineDevices()
            } else {
                try made.write("a", to: "devices.deny")
                for rule in Self.rules { try made.write(rule, to: "devices.allow") }
            }
            let isEntered = unsafe reel_enter_group(made.path.string) == 0
            guard isEntered else { throw SystemCallError("send", "the step server") }
        } catch {
            made.remove()
            return nil
        }
    }

    /// Making nodes is allowed, and using null, zero, full, random, urandom, tty, ptmx and terminals.
    private static let rules = [
        "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm",
        "c 136:* rwm",
    ]
}
