// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A stream that must be read more than once, kept in a file without a name.
enum InputSpool {
    /// The path by which this process can open what `stream` gives; a regular file is taken as it is.
    ///
    /// - Throws: `UsageError` for an empty stream, `SystemCallError`.
    static func path(of stream: FileDescriptor, in environment: EngineEnvironment) throws -> String {
        var status = stat()
        guard unsafe fstat(stream.rawValue, &status) == 0 else { throw SystemCallError("fstat", "standard input") }
        if status.st_mode & S_IFMT == S_IFREG {
            guard status.st_size > 0 else { throw empty }
            return "/proc/self/fd/\(stream.rawValue)"
        }
        let folder = environment.variables["TMPDIR"] ?? "/tmp"
        // O_TMPFILE holds O_DIRECTORY's bit; Swift does not import the macro.
        let opened = unsafe reel_openat(AT_FDCWD, folder, O_RDWR | 0o20000000 | O_DIRECTORY | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw SystemCallError("open", folder) }
        // Stays open until the process ends, since its name is the descriptor.
        let file = FileDescriptor(rawValue: opened)
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var isEmpty = true
        do {
            while true {
                let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe stream.read(into: $0) }
                if count == 0 { break }
                isEmpty = false
                try file.writeAll(chunk[..<count])
            }
        } catch let code as Errno {
            throw SystemCallError("read", "standard input", code: code.rawValue)
        }
        guard !isEmpty else { throw empty }
        return "/proc/self/fd/\(opened)"
    }

    private static var empty: UsageError { UsageError("standard input has neither a tar nor a Dockerfile") }
}
