// SPDX-License-Identifier: Apache-2.0

import BuildModel
import NIOCore
import SystemPackage

/// The bytes of a file, read piece by piece on threads that may block.
struct FileBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let path: FilePath

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    struct Iterator: AsyncIteratorProtocol {
        private let path: FilePath
        private var file: OpenedFile?
        private var offset: Int64 = 0

        init(path: FilePath) { self.path = path }

        mutating func next() async throws -> ByteBuffer? {
            let (path, opened, offset) = (path, file, offset)
            let (file, bytes) = try await Offload.run {
                let file = try opened ?? OpenedFile(path)
                return (file, try file.read(at: offset, atMost: 1 << 20))
            }
            self.file = file
            self.offset += Int64(bytes.count)
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }
}

/// A file that is open for reading, and closed when nobody uses it any more.
private final class OpenedFile: Sendable {
    private let descriptor: SystemPackage.FileDescriptor

    init(_ path: FilePath) throws {
        descriptor = try SystemPackage.FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    }

    deinit { try? descriptor.close() }

    func read(at offset: Int64, atMost limit: Int) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        let got = try unsafe buffer.withUnsafeMutableBytes {
            try unsafe descriptor.read(fromAbsoluteOffset: offset, into: $0)
        }
        buffer.removeLast(limit - got)
        return buffer
    }
}

/// Reading small files.
enum FileReading {
    /// The contents of `path`, of which at most `limit` bytes are read.
    static func whole(_ path: FilePath, limit: Int) throws -> [UInt8] {
        try OpenedFile(path).read(at: 0, atMost: limit)
    }
}
