// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import PathPatterns
import SystemPackage

/// The files of a context that the frontend reads before the context itself is read.
enum ContextFiles {
    /// The bytes of the Dockerfile.
    ///
    /// - Parameter name: Relative to the context, unless it is absolute.
    static func dockerfile(name: String, bytes: [UInt8]?, context: FilePath?) throws -> [UInt8] {
        if let bytes { return bytes }
        guard let context else { throw ContextFileError(path: name, reason: "there is no context to read it from") }
        let path = name.hasPrefix("/") ? FilePath(name) : context.appending(name)
        guard let found = try read(path) else {
            throw ContextFileError(path: path.string, reason: "there is no such Dockerfile; name another with -f")
        }
        return found
    }

    /// The ignore rules in force: `<Dockerfile>.dockerignore` in place of `.dockerignore`; `nil` where there is neither.
    static func ignoreFile(context: FilePath, dockerfile: String) throws -> IgnoreFile? {
        let own = dockerfile.hasPrefix("/") ? FilePath(dockerfile) : context.appending(dockerfile)
        for path in [FilePath(own.string + ".dockerignore"), context.appending(".dockerignore")] {
            if let bytes = try read(path) { return try IgnoreFile(parsing: bytes, name: path.string) }
        }
        return nil
    }

    /// The bytes of a file of at most 16 MiB; `nil` where there is none.
    static func read(_ path: FilePath) throws -> [UInt8]? {
        let descriptor = unsafe reel_openat(AT_FDCWD, path.string, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            let code = currentErrno()
            if code == ENOENT || code == ENOTDIR { return nil }
            throw SystemCallError("open", path.string, code: code)
        }
        let file = FileDescriptor(rawValue: descriptor)
        defer { try? file.close() }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try unsafe chunk.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= 16 << 20 else {
                throw ContextFileError(path: path.string, reason: "it is larger than 16 MiB")
            }
        }
    }
}

/// A file of the context that the frontend needs and can't have.
struct ContextFileError: Fault, Equatable {
    let path: String
    let reason: String
    var kind: FaultKind { .usage }
    var description: String { "\(path): \(reason)" }
}
