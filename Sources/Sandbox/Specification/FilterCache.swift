// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Synchronization
import SystemPackage

/// Filters of system calls that crun has compiled, so that it need not do it again for each step.
///
/// Compiling costs crun 13 ms, longer than everything else it does. It leaves the program of a container in its state
/// folder, and takes one through an annotation. A file holds the program and then its SHA-256: one that a crash tore is
/// ignored.
///
/// Source: crun(1), "run.oci.seccomp_bpf_data".
final class FilterCache: Sendable {
    /// The annotation.
    static let annotation = "run.oci.seccomp_bpf_data"

    private let folder: FilePath
    private let known = Mutex<[ContentDigest: String]>([:])

    /// Keeps files in `folder`, which exists.
    init(in folder: FilePath) { self.folder = folder }

    /// The value of the annotation for a filter; `nil` while it was never compiled.
    func program(for filter: ContentDigest) -> String? {
        known.withLock { known in
            if let text = known[filter] { return text }
            guard let bytes = Self.read(path(filter)), bytes.count > 32 else { return nil }
            let program = Array(bytes.dropLast(32))
            guard Array(bytes.suffix(32)) == ContentDigest(of: program).bytes, Self.isProgram(program) else {
                return nil
            }
            let text = Base64.encode(program)
            known[filter] = text
            return text
        }
    }

    /// Keeps what crun left in `file` for a filter; a failure costs time only.
    func keep(_ file: FilePath, for filter: ContentDigest) {
        guard let program = Self.read(file), Self.isProgram(program) else { return }
        known.withLock { $0[filter] = Base64.encode(program) }
        let new = folder.appending("filter-\(filter.hex).\(getpid())")
        let options: FileDescriptor.OpenOptions = [.create, .truncate, .closeOnExec]
        guard let target = try? FileDescriptor.open(new, .writeOnly, options: options, permissions: .ownerReadWrite)
        else {
            return
        }
        let isWritten =
            (try? target.closeAfter { try target.writeAll(program + ContentDigest(of: program).bytes) }) != nil
        let isKept = unsafe isWritten && rename(new.string, path(filter).string) == 0
        if !isKept { _ = unsafe unlink(new.string) }
    }

    private func path(_ filter: ContentDigest) -> FilePath { folder.appending("filter-\(filter.hex)") }

    /// Whether the bytes can be a program: instructions of 8 bytes, at most 4096 of them.
    private static func isProgram(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.count % 8 == 0 && bytes.count <= 4096 * 8
    }

    private static func read(_ path: FilePath) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var buffer = [UInt8](repeating: 0, count: 4096 * 8 + 64)
        guard let count = try? unsafe buffer.withUnsafeMutableBytes({ try unsafe file.read(into: $0) }) else {
            return nil
        }
        return Array(buffer.prefix(count))
    }
}

/// Base 64.
///
/// Source: RFC 4648, section 4.
enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The text for some bytes, with padding.
    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            var four = [UInt8](repeating: UInt8(ascii: "="), count: 4)
            for place in (0..<4).reversed() {
                if place <= group.count { four[place] = letters[Int(word & 63)] }
                word >>= 6
            }
            out += four
        }
        return String(decoding: out, as: UTF8.self)
    }
}
