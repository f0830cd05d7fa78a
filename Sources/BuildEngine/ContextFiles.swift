// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import PathPatterns
import SystemPackage

/// The main context as the frontend sees it before it is read: its Dockerfile and its ignore rules.
enum ContextFiles: Sendable {
    /// There is none.
    case none
    /// A directory.
    case directory(FilePath)
    /// A tar, or the layer of a repository.
    case tar(LayerView)
    /// Nothing but a Dockerfile.
    case dockerfile([UInt8])

    /// The bytes of the Dockerfile.
    ///
    /// - Parameters:
    ///   - name: Relative to the context, unless it is absolute.
    ///   - bytes: The Dockerfile, where it comes from elsewhere.
    func dockerfile(name: String, bytes: [UInt8]?) throws -> [UInt8] {
        if let bytes { return bytes }
        switch self {
        case .none: throw ContextFileError(path: name, reason: "there is no context to read it from")
        case .directory(let context):
            var status = stat()
            guard unsafe stat(context.string, &status) == 0 else {
                throw ContextFileError(path: context.string, reason: "there is no such directory to build")
            }
            let path = name.hasPrefix("/") ? FilePath(name) : context.appending(name)
            if let found = try Self.read(path) { return found }
            throw ContextFileError(path: path.string, reason: "there is no such Dockerfile; name another with -f")
        case .tar(let view):
            if let found = try Self.read(name, in: view) { return found }
            throw ContextFileError(path: name, reason: "the context has no such Dockerfile; name another with -f")
        case .dockerfile(let bytes):
            guard name == "Dockerfile" else {
                let reason = "standard input is no tar that could have it; leave out -f, or name a directory"
                throw ContextFileError(path: name, reason: reason)
            }
            return bytes
        }
    }

    /// The ignore file in force: `<Dockerfile>.dockerignore` in place of `.dockerignore`; `nil` where there is neither.
    ///
    /// - Parameter given: A file that was named and counts in place of both.
    func ignoreFile(dockerfile: String, given: String? = nil) throws -> FoundIgnoreFile? {
        if let given {
            guard let bytes = try Self.read(FilePath(given)) else {
                throw ContextFileError(path: given, reason: "there is no such ignore file")
            }
            return try found(FilePath(given), bytes)
        }
        switch self {
        case .none, .dockerfile: return nil
        case .directory(let context):
            let own = dockerfile.hasPrefix("/") ? FilePath(dockerfile) : context.appending(dockerfile)
            for path in [FilePath(own.string + ".dockerignore"), context.appending(".dockerignore")] {
                if let bytes = try Self.read(path) { return try found(path, bytes) }
            }
        case .tar(let view):
            for name in [dockerfile + ".dockerignore", ".dockerignore"] {
                guard let bytes = try Self.read(name, in: view) else { continue }
                return FoundIgnoreFile(name: name, bytes: bytes, rules: try IgnoreFile(parsing: bytes, name: name))
            }
        }
        return nil
    }

    /// A file with its path below the context where it lies there, else its last name: nothing of the machine's own.
    private func found(_ path: FilePath, _ bytes: [UInt8]) throws -> FoundIgnoreFile {
        var name = path.lastComponent?.string ?? path.string
        if case .directory(let context) = self {
            var rest = path.lexicallyNormalized()
            if rest.removePrefix(context.lexicallyNormalized()), !rest.isEmpty { name = rest.string }
        }
        return FoundIgnoreFile(name: name, bytes: bytes, rules: try IgnoreFile(parsing: bytes, name: path.string))
    }

    private static func read(_ name: String, in view: LayerView) throws -> [UInt8]? {
        guard let entry = try view.entry(at: Array(name.utf8), following: .all), entry.kind == .regular else {
            return nil
        }
        return try view.read(entry, limit: 16 << 20)
    }

    /// Whether something is there that can be a context.
    static func exists(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

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

/// An ignore file that was found beside a Dockerfile or in a context, or named.
struct FoundIgnoreFile {
    /// Its path below the context, else its last name.
    let name: String
    let bytes: [UInt8]
    let rules: IgnoreFile
}
