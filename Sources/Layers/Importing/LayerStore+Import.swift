// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import SystemPackage

extension LayerStore {
    /// Stores a layer from an open file or pipe: plain, gzip or zstd, told apart by its first bytes.
    ///
    /// The bytes of the tar are kept exactly, nothing is unpacked. A layer that is refused leaves nothing behind. Reads
    /// from the descriptor's position to its end.
    ///
    /// - Parameter expecting: The DiffID that it must have, if one is known.
    /// - Throws: `LayerError`.
    public func importLayer(
        from source: FileDescriptor,
        expecting: ContentDigest? = nil,
        limits: ImportLimits = .default
    ) throws -> CommittedLayer {
        let blob = try blobs.writer()
        let stream = try ImportSource(try Decompressor(source), into: blob, limits: limits)
        let reader = TarReader(stream)
        let (tree, members) = try FileTree.reading(reader, mostEntries: limits.maximumEntries)
        try stream.readToEnd()
        let actual = blob.digest()
        if let expecting, actual != expecting { throw LayerError.unexpectedDiffID(expected: expecting, actual: actual) }
        let (diffID, size) = try blob.finish()
        try adopt(tree, ContentSums(), as: diffID, size: size)
        return CommittedLayer(diffID: diffID, size: size, entries: members)
    }
}

/// The uncompressed bytes of a layer on their way into a blob, shown to `TarReader` as they pass.
final class ImportSource: TarSource {
    private let decompressor: Decompressor
    private let blob: BlobWriter
    private let limits: ImportLimits

    init(_ decompressor: Decompressor, into blob: BlobWriter, limits: ImportLimits) throws {
        self.decompressor = decompressor
        self.blob = blob
        self.limits = limits
    }

    func next() throws -> UnsafeRawBufferPointer? {
        guard let piece = try unsafe decompressor.next() else { return nil }
        let total = blob.count + Int64(piece.count)
        guard total <= limits.maximumBytes else {
            throw LayerError.limit("it has more than \(limits.maximumBytes) bytes when uncompressed")
        }
        if total > limits.ratioAppliesAfter, total / limits.maximumRatio > decompressor.consumed {
            throw LayerError.limit(
                "it grows to more than \(limits.maximumRatio) times its compressed size, as a decompression bomb does"
            )
        }
        try unsafe blob.write(piece)
        return unsafe piece
    }

    func skip(_ count: Int64) throws -> Int64 {
        let announced = blob.count + count
        guard announced <= limits.maximumBytes else {
            throw LayerError.limit("it announces more than \(limits.maximumBytes) bytes of contents")
        }
        return 0
    }

    /// Takes what the reader left.
    func readToEnd() throws { while try unsafe next() != nil {} }
}
