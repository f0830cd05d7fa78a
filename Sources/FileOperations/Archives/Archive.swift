// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage

/// A tar, perhaps compressed, recognised by its content.
///
/// It is stored as a layer is, uncompressed and with an index, so what comes out of it is never written twice, and
/// unpacking it again costs an index lookup.
///
/// Source: BuildKit, `solver/llbsolver/file/unpack.go`, `isArchivePath`.
struct Archive {
    private let size: Int64
    /// A piece of the bytes, shorter only at their end.
    private let piece: (_ offset: Int64, _ count: Int) throws -> [UInt8]
    private let form: ArchiveForm
    private let path: String
    private let layers: LayerStore

    private static let chunk = 256 << 10

    /// Looks at the start of `body`; `nil` where that is no tar, compressed or not.
    init?(_ body: FileBody, path: String, layers: LayerStore) throws {
        try self.init(size: body.size, path: path, layers: layers) { try Self.piece(of: body, at: $0, count: $1) }
    }

    init?(
        size: Int64,
        path: String,
        layers: LayerStore,
        piece: @escaping (_ offset: Int64, _ count: Int) throws -> [UInt8]
    ) throws {
        self.size = size
        self.piece = piece
        self.path = path
        self.layers = layers
        form = ArchiveForm(try piece(0, 16))
        guard try TarStart.isHeader(firstBlock()) else { return nil }
    }

    /// What is in the archive, as a layer alone.
    func view() throws -> LayerView { try layers.bareView(layer()) }

    /// The layer that holds what is in the archive.
    func layer() throws -> ContentDigest {
        let file = try scratchFile()
        defer { try? file.close() }
        do {
            try fill(file)
            _ = try file.seek(offset: 0, from: .start)
            return try layers.importLayer(from: file).diffID
        } catch let damage as StreamDecoder.Damage {
            throw PathFailure.reason(.archive(path: path, reason: damage.reason))
        } catch let error as LayerError {
            throw PathFailure.reason(.archive(path: path, reason: error.description))
        }
    }

    /// The first 512 bytes of the tar; fewer where there are no more or the stream is damaged.
    private func firstBlock() throws -> [UInt8] {
        guard form != .plain else { return try piece(0, 512) }
        var block: [UInt8] = []
        do {
            let decoder = try StreamDecoder(form)
            try pieces { piece in
                try decoder.decode(piece) { bytes in
                    block += bytes.prefix(512 - block.count)
                    return block.count < 512
                }
                return block.count < 512
            }
        } catch is StreamDecoder.Damage {}
        return block
    }

    /// Calls `take` with one piece of the body after the other and an empty one at the end, until it says no.
    private func pieces(_ take: ([UInt8]) throws -> Bool) throws {
        var offset: Int64 = 0
        while true {
            let piece = try self.piece(offset, Self.chunk)
            offset += Int64(piece.count)
            if try !take(piece) || piece.isEmpty { return }
        }
    }

    /// Writes the archive in a form that layers are imported from: what is not gzip or zstd is decompressed.
    private func fill(_ file: FileDescriptor) throws {
        let limits = ImportLimits.default
        let decoder = form == .bzip2 || form == .xz ? try StreamDecoder(form) : nil
        var written: Int64 = 0
        try pieces { piece in
            guard let decoder else {
                try file.writeAll(piece)
                return true
            }
            try decoder.decode(piece) { bytes in
                written += Int64(bytes.count)
                let isBomb = written > limits.ratioAppliesAfter && written / limits.maximumRatio > size
                guard written <= limits.maximumBytes, !isBomb else {
                    throw StreamDecoder.Damage(reason: "\(written) bytes came out of \(size); is it a bomb?")
                }
                try file.writeAll(bytes)
                return true
            }
            return true
        }
    }

    /// A file without a name, which is gone when it is closed.
    private func scratchFile() throws -> FileDescriptor {
        let path = layers.blobs.scratch.newPath()
        let file = try FileDescriptor.open(
            path,
            .readWrite,
            options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite
        )
        unsafe unlink(path.string)
        return file
    }

    private static func piece(of body: FileBody, at offset: Int64, count: Int) throws -> [UInt8] {
        let wanted = Int(max(0, min(Int64(count), body.size - offset)))
        guard wanted > 0 else { return [] }
        switch body {
        case .bytes(let bytes): return Array(bytes[Int(offset)..<Int(offset) + wanted])
        case .entry(let entry, let view):
            return try view.withContent(of: entry) { file, start in
                try unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                    while filled < wanted {
                        let rest = unsafe UnsafeMutableRawBufferPointer(
                            rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<wanted]
                        )
                        let count = try unsafe file.read(fromAbsoluteOffset: start + offset + Int64(filled), into: rest)
                        guard count > 0 else { return }
                        filled += count
                    }
                }
            }
        }
    }
}
