// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
public import SystemPackage

/// A directory that paths are resolved in as if it were `/`: nothing that a path says leads out of it.
///
/// Source: openat2(2), `RESOLVE_IN_ROOT`.
public final class RootFolder: Sendable {
    /// The directory itself, opened with `O_PATH`.
    let descriptor: FileDescriptor
    /// Where it is, for messages.
    public let path: FilePath

    /// Opens the directory at `path`, which is trusted.
    ///
    /// - Throws: `SystemCallError`.
    public init(_ path: FilePath) throws {
        let raw = unsafe reel_openat(AT_FDCWD, path.string, O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        self.path = path
        descriptor = FileDescriptor(rawValue: raw)
    }

    deinit { try? descriptor.close() }

    /// Opens what is at `inner`, resolved inside this directory.
    ///
    /// The caller closes the descriptor.
    ///
    /// - Parameter flags: As in `open(2)`; with `O_NOFOLLOW` the last component is not followed.
    /// - Throws: `SystemCallError`; its subject is the inner path.
    public func open(_ inner: [UInt8], flags: Int32) throws -> FileDescriptor {
        try FileDescriptor(rawValue: rawOpen(descriptor.rawValue, inner, flags, RESOLVE_IN_ROOT))
    }

    /// Opens the entry called `name` in the directory `folder`, which may be a symbolic link but is not followed.
    static func entry(_ name: [UInt8], of folder: FileDescriptor, flags: Int32) throws -> FileDescriptor {
        let resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH
        let wanted = flags & O_PATH != 0 ? RESOLVE_BENEATH : resolve
        return try FileDescriptor(rawValue: rawOpen(folder.rawValue, name, flags | O_NOFOLLOW, wanted))
    }

    private func rawOpen(_ base: Int32, _ inner: [UInt8], _ flags: Int32, _ resolve: Int32) throws -> Int32 {
        try Self.rawOpen(base, inner, flags, resolve)
    }

    private static func rawOpen(_ base: Int32, _ inner: [UInt8], _ flags: Int32, _ resolve: Int32) throws -> Int32 {
        let name = inner.isEmpty ? [UInt8(ascii: ".")] : inner
        // The kernel answers EAGAIN when something in the tree was renamed meanwhile.
        for attempt in 0... {
            let raw = unsafe PathBytes.withC(name) {
                unsafe reel_openat2(base, $0, UInt64(bitPattern: Int64(flags | O_CLOEXEC)), 0, UInt64(resolve))
            }
            if raw >= 0 { return raw }
            let code = currentErrno()
            if code == EINTR || code == EAGAIN && attempt < 64 { continue }
            throw SystemCallError("openat2", PathBytes.text(inner), code: code)
        }
        preconditionFailure("an endless loop ended")
    }
}
