// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import SystemPackage

/// Another program that ran to its end.
///
/// For the helpers that reel asks (credential helpers, `ctr`); steps of a build are run by the sandbox.
public struct ProgramRun: Sendable {
    /// The exit code; 128 and the signal's number where one ended it.
    public let code: Int32
    /// What it printed; empty where that went to a file of the caller's.
    public let output: [UInt8]
    /// The last lines that it printed to standard error, in one line.
    public let complaint: String

    /// Whether it ended well.
    public var isSuccess: Bool { code == 0 }

    /// Runs `program` with this process's environment and waits for its end.
    ///
    /// Blocks; call it within `Offload.run`. The streams are files in memory, so none of them can fill up.
    ///
    /// - Parameters:
    ///   - program: A path, or a name that is looked up in `PATH`.
    ///   - input: What it reads from standard input.
    ///   - output: Where its output goes; `nil` to have it in the result.
    ///   - limit: The most bytes of output that are kept.
    /// - Throws: `SystemCallError` when the program can't be started: `ENOENT` where there is none.
    public init(
        _ program: String,
        _ arguments: [String],
        input: [UInt8] = [],
        output: FileDescriptor? = nil,
        limit: Int = 1 << 20
    ) throws {
        let (reading, printing, complaining) = (try Self.memory(), try Self.memory(), try Self.memory())
        defer { for file in [reading, printing, complaining] { try? file.close() } }
        _ = try reading.writeAll(input)
        try reading.seek(offset: 0, from: .start)
        let pid = try Self.spawn(program, arguments, streams: [reading, output ?? printing, complaining])
        code = Self.wait(for: pid)
        self.output = output == nil ? try Self.contents(of: printing, limit: limit) : []
        let words = String(decoding: try Self.contents(of: complaining, limit: 64 << 10), as: UTF8.self)
        complaint = words.split(whereSeparator: \.isNewline).suffix(3).joined(separator: "; ")
    }

    private static func memory() throws -> FileDescriptor {
        let raw = reel_memory_file()
        guard raw >= 0 else { throw SystemCallError("memfd_create", "a stream of a program") }
        return FileDescriptor(rawValue: raw)
    }

    private static func contents(of file: FileDescriptor, limit: Int) throws -> [UInt8] {
        let size = min(Int(try file.seek(offset: 0, from: .end)), limit)
        var bytes = [UInt8](repeating: 0, count: size)
        let got = try unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(fromAbsoluteOffset: 0, into: $0) }
        return Array(bytes.prefix(got))
    }

    private static func spawn(_ program: String, _ arguments: [String], streams: [FileDescriptor]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, stream.rawValue, Int32(number))
        }
        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let status = unsafe posix_spawnp(&pid, program, &actions, nil, &words, environ)
        guard status == 0 else { throw SystemCallError("posix_spawn", program, code: status) }
        return pid
    }

    private static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0 {
            guard currentErrno() == EINTR else { return 127 }
        }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }
}
