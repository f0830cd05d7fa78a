// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage
import Testing

@testable import BuildEngine

@Suite("Emulation")
struct EmulationTests {
    /// What the kernel shows of a handler that qemu-user-static registers for aarch64.
    private static let aarch64 = """
        enabled
        interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
        flags: POCF
        offset 0
        magic 7f454c460201010000000000000000000200b700
        mask ffffffffffffff00fffffffffffffffffeffffff

        """

    private func allows(_ platform: String, handler: String?, on host: String = "linux/amd64") throws -> Bool {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw SystemCallError("mkdtemp", "/tmp") }
        let folder = unsafe String(cString: made)
        defer {
            unsafe unlink(folder + "/qemu")
            unsafe rmdir(folder)
        }
        if let handler {
            let options: FileDescriptor.OpenOptions = [.create]
            let file = try FileDescriptor.open(
                FilePath(folder + "/qemu"),
                .writeOnly,
                options: options,
                permissions: .ownerReadWrite
            )
            try file.closeAfter { _ = try file.writeAll(handler.utf8) }
        }
        let machine = try Platform(parsing: host, host: .compiled)
        var emulation = Emulation(host: machine)
        emulation.handlers = FilePath(folder)
        do {
            try emulation.check(Platform(parsing: platform, host: machine))
            return true
        } catch let refusal as NoEmulation {
            #expect(refusal.description.contains("qemu-user-static"))
            return false
        }
    }

    @Test("The machine's own programs need none")
    func native() throws {
        #expect(try allows("linux/amd64", handler: nil))
        #expect(try allows("linux/386", handler: nil))
        #expect(try allows("linux/arm/v7", handler: nil, on: "linux/arm64"))
        #expect(try !allows("linux/arm64", handler: nil))
        #expect(try !allows("linux/amd64", handler: nil, on: "linux/arm64"))
    }

    @Test("A handler counts that is enabled, that the kernel holds open, and that is for the machine")
    func handlers() throws {
        #expect(try allows("linux/arm64", handler: Self.aarch64))
        #expect(try !allows("linux/s390x", handler: Self.aarch64))
        for (old, new) in [("enabled", "disabled"), ("POCF", "POC"), ("7f454c46", "00000000"), ("b700", "b600")] {
            let text = Self.aarch64.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
            #expect(try !allows("linux/arm64", handler: text), "\(old) → \(new)")
        }
        let big = Self.aarch64.split(separator: "0200b700").joined(separator: "02000016")
        #expect(try allows("linux/s390x", handler: big), "the machine's number is written high byte first there")
    }
}
