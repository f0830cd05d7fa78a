// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
import SystemPackage

/// The files that steps see as `/etc/hosts` and `/etc/resolv.conf`, each kept once for each contents.
final class StepFiles: Sendable {
    private let folder: FilePath
    private let known = Mutex<[ContentDigest: FilePath]>([:])

    /// Keeps files in `folder`, which exists.
    init(in folder: FilePath) { self.folder = folder }

    /// The files for a step.
    func files(for step: ContainerStep) throws -> StepSpecification.Files {
        StepSpecification.Files(
            hosts: try file(Self.hosts(step)),
            resolver: try file(step.network == .none ? "" : Self.resolver())
        )
    }

    /// The text of `/etc/hosts`.
    static func hosts(_ step: ContainerStep) -> String {
        let lines = [
            "127.0.0.1\tlocalhost \(step.hostname)", "::1\tlocalhost ip6-localhost ip6-loopback",
        ]
        return (lines + step.extraHosts.map { "\($0.address)\t\($0.name)" }).map { $0 + "\n" }.joined()
    }

    /// The machine's own resolvers, which a step on the machine's network can reach; public ones if there are none.
    ///
    /// A step without network gets an empty file instead, so that nothing of the machine shows.
    private static func resolver() -> String {
        KernelCounter.text("/etc/resolv.conf") ?? "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"
    }

    private func file(_ text: String) throws -> FilePath {
        let digest = ContentDigest(of: text)
        return try known.withLock { known in
            if let path = known[digest] { return path }
            let path = folder.appending("f-\(digest.hex.prefix(16))")
            try SmallFile.write(Array(text.utf8), to: path, mode: 0o644)
            known[digest] = path
            return path
        }
    }
}

/// Writing whole files.
enum SmallFile {
    /// Makes or replaces the file at `path`.
    static func write(_ bytes: [UInt8], to path: FilePath, mode: UInt32) throws {
        let raw = unsafe reel_openat(AT_FDCWD, path.string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard raw >= 0 else { throw SystemCallError("open", path.string) }
        let file = FileDescriptor(rawValue: raw)
        // Whatever the umask: a step of any user must be able to read what it is given.
        _ = fchmod(raw, mode)
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }
}
