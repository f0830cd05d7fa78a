// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A stack of directories that fuse-overlayfs serves, for users to whom the kernel refuses its own overlayfs.
///
/// The program is a process below one that ends it when this process dies: else the two would keep each other, the
/// mount and its namespace for ever.
///
/// Source: fuse-overlayfs(1).
final class FuseOverlay: Sendable {
    /// What the kernel calls a file system of this kind in `statfs(2)`.
    private static let magic = 0x6573_5546

    private let process: pid_t
    private let life: FileDescriptor

    /// Mounts `lowers`, the topmost first, at `path`.
    ///
    /// - Parameter program: Where fuse-overlayfs is.
    /// - Throws: `MountError.refused`; nothing stays mounted.
    init(
        program: FilePath,
        lowers: [FilePath],
        upper: FilePath?,
        work: FilePath?,
        at path: FilePath
    ) throws {
        let named = [("upperdir", upper), ("workdir", work)].compactMap { key, value in value.map { (key, $0.string) } }
        for text in lowers.map(\.string) + named.map(\.1) where text.contains(where: { ",:\\".contains($0) }) {
            throw MountError.refused(what: "'\(text)'", reason: "fuse-overlayfs can't have ',', ':' and '\\' in a path")
        }
        // Without a cache of writes: one that is written late takes capabilities and set-id bits away again.
        let options =
            ["writeback=0", "lowerdir=" + lowers.map(\.string).joined(separator: ":")] + named.map { "\($0)=\($1)" }
        var server = reel_mount_server()
        let text = options.joined(separator: ",")
        guard unsafe reel_serve_mount(program.string, text, path.string, &server) == 0 else {
            throw SystemCallError("fork", "fuse-overlayfs")
        }
        process = server.process
        life = FileDescriptor(rawValue: server.life)
        let said = Self.everything(FileDescriptor(rawValue: server.said))
        var status = statfs()
        guard unsafe statfs(path.string, &status) == 0, Int(status.f_type) == Self.magic else {
            end()
            throw MountError.refused(what: "a root by fuse-overlayfs", reason: said.isEmpty ? "it ended" : said)
        }
    }

    /// Ends the program, whose file system is unmounted, and waits for it; to be called once.
    func end() {
        try? life.close()
        while waitpid(process, nil, 0) < 0, currentErrno() == EINTR {}
    }

    /// The program in the folders of `searchPath`; `nil` where it is not installed.
    static func program(searchPath: String) -> FilePath? {
        searchPath.split(separator: ":").filter { $0.hasPrefix("/") }
            .map { FilePath(String($0)).appending("fuse-overlayfs") }
            .first { unsafe access($0.string, X_OK) == 0 }
    }

    /// What comes until the end of a pipe, as one line; the pipe is closed.
    private static func everything(_ pipe: FileDescriptor) -> String {
        defer { try? pipe.close() }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while let count = try? unsafe buffer.withUnsafeMutableBytes({ try unsafe pipe.read(into: $0) }), count > 0 {
            all += buffer.prefix(count)
        }
        return String(decoding: all.prefix(2000), as: UTF8.self).split(separator: "\n").joined(separator: "; ")
    }
}
