// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// Writes a git tree into a layer: blobs are read and hashed on several threads, and written in order on one.
struct GitLayerWriting {
    /// Blobs up to this size are read on the side; larger ones when their turn comes, one at a time.
    static let sideLimit: Int64 = 8 << 20
    /// Blobs above this size don't go through memory.
    static let memoryLimit: Int64 = 256 << 20

    /// A blob that is too large for memory, and lies in no file yet.
    struct TooLarge: Error {}

    /// One blob as a thread read it; `bytes` is `nil` for a large one.
    private struct ReadBlob: Sendable {
        var size: Int64
        var bytes: [UInt8]?
        var digest: ContentDigest?
        var isPointer = false
    }

    let repositories: [GitObjectReading]
    /// Where blobs above `memoryLimit` lie, by repository.
    let large: [Int: GitCatFile]
    let modified: Timestamp
    let parallelism: Int

    /// Writes `files`, which are in byte order of their paths, and ends the layer. Blocks.
    ///
    /// - Throws: `TooLarge` at the first blob that has to lie in a file and does not.
    func write(_ files: [GitTreeFile], to writer: LayerWriter) throws -> GitLayer {
        let blobs = files.indices.compactMap { index -> (Int, Int, GitObjectID)? in
            switch files[index].content {
            case .blob(let repository, let id), .link(let repository, let id): (index, repository, id)
            case .directory, .stored: nil
            }
        }
        let size = 64
        let batches = stride(from: 0, to: blobs.count, by: size).map { $0..<min($0 + size, blobs.count) }
        let repositories = repositories
        let reader = OrderedReading<[ReadBlob]>(count: batches.count, threads: parallelism, window: 16) { batch in
            var held: Int64 = 0
            return try batches[batch].map { place in
                let (_, repository, id) = blobs[place]
                let blob = try Self.read(id, from: repositories[repository], limit: Self.sideLimit - held)
                held += Int64(blob.bytes?.count ?? 0)
                return blob
            }
        }
        defer { reader.stop() }
        var layer = GitLayer(diffID: ContentDigest(of: ""), files: 0, bytes: 0, pointers: [])
        var taken: ArraySlice<ReadBlob> = []
        var batch = 0
        func next() throws -> ReadBlob {
            if taken.isEmpty {
                taken = try reader.take(batch)[...]
                batch += 1
            }
            return taken.removeFirst()
        }
        for file in files {
            let attributes = FileAttributes(kind: .regular, mode: file.isExecutable ? 0o755 : 0o644, modified: modified)
            switch file.content {
            case .directory:
                try writer.directory(file.path, FileAttributes(kind: .directory, mode: 0o755, modified: modified))
            case .link(let repository, let id):
                let blob = try next()
                let target = try blob.bytes ?? repositories[repository].read(id, .blob)
                try writer.symbolicLink(
                    file.path,
                    FileAttributes(kind: .symbolicLink, mode: 0o777, modified: modified),
                    target: target
                )
            case .blob(let repository, let id):
                let blob = try next()
                try write(blob, file, attributes, id, repository, to: writer)
                layer.files += 1
                layer.bytes += blob.size
                if blob.isPointer, layer.pointers.count < GitLayer.mostPointers {
                    layer.pointers.append(ContextPath.text(file.path))
                }
            case .stored(let path, let size):
                let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
                defer { try? descriptor.close() }
                try writer.file(file.path, attributes, size: size, content: .descriptor(descriptor), hashing: true)
                layer.files += 1
                layer.bytes += size
            }
        }
        layer.diffID = try writer.finish().diffID
        return layer
    }

    private func write(
        _ blob: ReadBlob,
        _ file: GitTreeFile,
        _ attributes: FileAttributes,
        _ id: GitObjectID,
        _ repository: Int,
        to writer: LayerWriter
    ) throws {
        if let bytes = blob.bytes {
            try writer.file(file.path, attributes, size: blob.size, content: .bytes(bytes), knownDigest: blob.digest)
        } else if blob.size <= Self.memoryLimit {
            let bytes = try repositories[repository].read(id, .blob)
            try writer.file(file.path, attributes, size: blob.size, content: .bytes(bytes), hashing: true)
        } else {
            guard let place = try large[repository]?.place(id) else { throw TooLarge() }
            try writer.file(
                file.path,
                attributes,
                size: blob.size,
                content: .descriptor(place.file, offset: place.offset),
                hashing: true
            )
        }
    }

    private static func read(_ id: GitObjectID, from objects: GitObjectReading, limit: Int64) throws -> ReadBlob {
        let (size, bytes) = try objects.blob(id, limit: limit)
        var blob = ReadBlob(size: size, bytes: bytes)
        if let bytes {
            blob.digest = ContentDigest(of: bytes)
            blob.isPointer = LargeFilePointer.looksLike(bytes)
        }
        return blob
    }
}
