// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage
import Testing

/// `sandbox-helper` as a process of its own, perhaps of another user.
@safe final class HelperProgram {
    let pid: pid_t
    let root: FilePath
    private let stream: UnsafeMutablePointer<FILE>

    /// Who runs it.
    enum Runner: Sendable {
        /// Whoever runs the tests.
        case same
        /// An ordinary user with a range of other ids.
        case ordinary
        /// An ordinary user with one id.
        case alone
    }

    /// Starts it in a root of its own.
    init(_ runner: Runner = .same, driver: String = "any", _ commands: [String]) throws {
        root = try Bench.newFolder()
        // Not by /proc/self/exe, which leads into the mount namespace that the tests have left.
        let own = FilePath(CommandLine.arguments[0])
        let built = own.removingLastComponent().appending("sandbox-helper")
        let copy = root.appending("helper")
        let lines = [
            "set -e", "cp \(built) \(copy)", "chmod 755 \(root) \(copy)", "mkdir \(root)/data",
            runner == .same ? "" : "chown 4711:4711 \(root)/data",
        ]
        let arguments = ([driver, "/bin/busybox"] + commands).map(Self.quoted).joined(separator: " ")
        let start = "echo $$; exec \(Self.prefix(runner, root)) \(copy) \(root)/data \(arguments)"
        let script = (lines + [start]).filter { !$0.isEmpty }.joined(separator: "\n")
        let opened = try unsafe #require(popen("exec 2>&1; \(script)", "r"))
        unsafe stream = opened
        pid = try #require(pid_t(unsafe Self.line(opened) ?? ""))
    }

    deinit {
        unsafe pclose(stream)
        _ = unsafe system("rm -rf \(root)")
    }

    /// The next line of output; `nil` at the end.
    func line() -> String? { unsafe Self.line(stream) }

    /// All lines until the end.
    func lines() -> [String] {
        var all: [String] = []
        while let line = line() { all.append(line) }
        return all
    }

    private static func line(_ stream: UnsafeMutablePointer<FILE>) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard unsafe fgets(&buffer, Int32(buffer.count), stream) != nil else { return nil }
        let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// What starts a program as somebody.
    private static func prefix(_ runner: Runner, _ root: FilePath) -> String {
        guard runner != .same else { return "" }
        let range = runner == .ordinary ? "700000:65536" : ""
        return "'\(repository)/Tests/as-user' '\(range)' \(root)/home"
    }

    private static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}
