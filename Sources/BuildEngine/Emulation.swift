// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// Which machines' programs the kernel can start here: its own, and those that binfmt_misc hands to an emulator.
///
/// Source: Linux, `Documentation/admin-guide/binfmt-misc.rst`.
struct Emulation {
    let host: Platform
    /// The file system in which the kernel lists its handlers.
    var handlers = FilePath("/proc/sys/fs/binfmt_misc")

    init(host: Platform) { self.host = host }

    /// Refuses a platform whose programs can't be started.
    ///
    /// - Throws: `NoEmulation`.
    func check(_ platform: Platform) throws {
        guard !isNative(platform.architecture) else { return }
        guard try hasHandler(for: platform.architecture) else { throw NoEmulation(platform: platform, host: host) }
    }

    private func isNative(_ architecture: String) -> Bool {
        architecture == host.architecture || (host.architecture, architecture) == ("amd64", "386")
            || (host.architecture, architecture) == ("arm64", "arm")
    }

    /// ELF's numbers of the machines, and whether they write the low byte first.
    ///
    /// Source: System V ABI, `e_machine`; Linux, `include/uapi/linux/elf-em.h`.
    private static let machines: [String: (number: UInt16, isLittle: Bool)] = [
        "386": (3, true), "amd64": (62, true), "arm": (40, true), "arm64": (183, true), "riscv64": (243, true),
        "ppc64le": (21, true), "ppc64": (21, false), "s390x": (22, false), "loong64": (258, true),
        "mips64le": (8, true), "mips64": (8, false),
    ]

    /// Whether an enabled handler takes the architecture's programs, with an emulator that the kernel holds open
    /// (flag `F`), so that it is found in every root.
    private func hasHandler(for architecture: String) throws -> Bool {
        guard let machine = Self.machines[architecture] else { return false }
        let bytes = [UInt8(machine.number & 0xFF), UInt8(machine.number >> 8)]
        let wanted = (machine.isLittle ? bytes : bytes.reversed()).map(Self.hexadecimal).joined()
        guard let stream = unsafe opendir(handlers.string) else { return false }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard !name.hasPrefix("."), name != "register", name != "status",
                let text = try ContextFiles.read(handlers.appending(name))
            else { continue }
            if Self.takes(wanted, handler: String(decoding: text, as: UTF8.self)) { return true }
        }
        return false
    }

    /// Whether the description of a handler is of one that takes ELF programs of this machine, given as hexadecimal.
    private static func takes(_ machine: String, handler: String) -> Bool {
        let lines = handler.split(separator: "\n")
        guard lines.first == "enabled", let magic = lines.first(where: { $0.hasPrefix("magic ") })?.dropFirst(6),
            lines.contains(where: { $0.hasPrefix("flags:") && $0.contains("F") })
        else { return false }
        // The machine is the 19th and 20th byte of an ELF header.
        return magic.hasPrefix("7f454c46") && magic.dropFirst(36).prefix(4) == machine
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 2 ? digits : "0" + digits
    }
}

/// A step of another architecture that nothing here can run.
struct NoEmulation: Fault, Equatable {
    let platform: Platform
    let host: Platform
    var kind: FaultKind { .failed }
    var description: String {
        "a step for \(platform) can't run on \(host): binfmt_misc has no emulator for \(platform.architecture) (with flag F); "
            + "install qemu-user-static, or build for \(host.architecture)"
    }
}
