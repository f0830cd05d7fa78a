// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import FileOperations
import Glibc
import Layers
import Synchronization
import SystemPackage

/// Contexts that are no directories but files: tars, and Dockerfiles alone. Each is read once in a build.
final class ContextArchives: Sendable {
    /// What a file is.
    enum Content: Sendable {
        /// A tar, taken into the store as a layer alone.
        case tar(ContentDigest)
        /// Anything else, which can only be a Dockerfile; its context is empty.
        case dockerfile([UInt8])
    }

    private let known = Mutex<[String: Content]>([:])

    /// What the file at `path` is; `nil` where no regular file is there. Blocks.
    ///
    /// - Throws: `FileOperationError` for a damaged tar, `ContextFileError` for a Dockerfile of more than 16 MiB.
    func content(of path: String, in layers: LayerStore) throws -> Content? {
        if let content = known.withLock({ $0[path] }) { return content }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let content = try read(path, in: layers)
        known.withLock { $0[path] = content }
        return content
    }

    private func read(_ path: String, in layers: LayerStore) throws -> Content {
        let opened = unsafe reel_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)
        guard opened >= 0 else { throw SystemCallError("open", path) }
        let file = FileDescriptor(rawValue: opened)
        return try file.closeAfter {
            // Standard input has no better name.
            let name = path.hasPrefix("/proc/self/fd/") ? "the context on standard input" : path
            if let layer = try TarFile.take(file, named: name, into: layers) { return .tar(layer) }
            guard let bytes = try ContextFiles.read(FilePath(path)) else { throw SystemCallError("open", path) }
            return .dockerfile(bytes)
        }
    }
}
