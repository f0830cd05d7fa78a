// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import OCIModel
import Synchronization
import SystemPackage

/// A blob that is arriving: counted, hashed, kept in a file, and handed on.
final class Download: Sendable {
    private struct State: ~Copyable {
        var hasher = SHA256Hasher()
        var count: Int64 = 0
    }

    private let blob: Descriptor
    private let path: FilePath
    private let file: FileDescriptor
    private let sink: @Sendable ([UInt8]) throws -> Void
    private let state = Mutex(State())

    /// Opens the file, and hands on what it has from an earlier attempt.
    init(_ blob: Descriptor, partial: FilePath, sink: @escaping @Sendable ([UInt8]) throws -> Void) throws {
        self.blob = blob
        self.sink = sink
        path = partial
        file = try FileDescriptor.open(
            partial,
            .readWrite,
            options: [.create, .noFollow, .closeOnExec],
            permissions: [.ownerReadWrite]
        )
        do { try replay() } catch {
            try? file.close()
            throw error
        }
    }

    deinit { try? file.close() }

    /// How many bytes arrived.
    var count: Int64 { state.withLock { $0.count } }

    private func replay() throws {
        if try file.seek(offset: 0, from: .end) > blob.size { try file.resize(to: 0) }
        try file.seek(offset: 0, from: .start)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = try unsafe buffer.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
            if got == 0 { return }
            let bytes = Array(buffer[..<got])
            try sink(bytes)
            note(bytes)
        }
    }

    private func note(_ bytes: [UInt8]) {
        state.withLock { state in
            state.hasher.update(bytes)
            state.count += Int64(bytes.count)
        }
    }

    /// Takes the next bytes.
    ///
    /// - Throws: `RegistryError.malformed` when there are more than there should be; what was kept is removed then.
    func append(_ bytes: [UInt8], host: String) throws {
        guard !bytes.isEmpty else { return }
        guard count + Int64(bytes.count) <= blob.size else {
            discard()
            throw RegistryError.malformed(
                host: host,
                subject: "blob \(blob.digest)",
                reason: "it sends more than the \(blob.size) bytes it should have"
            )
        }
        _ = try file.writeAll(bytes)
        note(bytes)
        try sink(bytes)
    }

    /// Checks the digest of the whole; the file is removed either way.
    func finish() throws {
        let actual = state.withLock { $0.hasher.digest() }
        discard()
        guard actual == blob.digest else {
            throw RegistryError.mismatch(subject: "a blob", expected: blob.digest, actual: actual)
        }
    }

    private func discard() { _ = unsafe unlink(path.string) }
}
