// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// Small files that are replaced whole.
enum AtomicFile {
    /// Makes `path` hold exactly `bytes`, durably; does nothing where it does already.
    static func write(_ bytes: [UInt8], to path: FilePath, mode: mode_t = 0o644) throws {
        if let old = try? read(path, limit: bytes.count), old == bytes { return }
        let temporary = path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "").\(getpid())")
        let descriptor = try Files.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: mode)
        do {
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(bytes)
                guard fdatasync(descriptor.rawValue) == 0 else { throw SystemCallError("fdatasync", temporary.string) }
            }
            try Files.rename(temporary, to: path)
        } catch {
            Files.remove(temporary)
            throw error
        }
    }

    /// The contents of `path`, of which at most `limit` + 1 bytes are read.
    static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
        let descriptor = try Files.open(path, O_RDONLY | O_NOFOLLOW)
        return try descriptor.closeAfter {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: min(limit + 1, 1 << 16))
            while all.count <= limit {
                let got = try unsafe buffer.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
                if got == 0 { break }
                all.append(contentsOf: buffer[..<got])
            }
            return all
        }
    }
}
