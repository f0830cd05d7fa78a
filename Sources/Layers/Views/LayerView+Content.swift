// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import SystemPackage

/// A piece of a file's contents: bytes of a tar in the blob store.
public struct ContentExtent: Hashable, Sendable {
    /// The blob.
    public let blob: ContentDigest
    /// The first byte.
    public let offset: Int64
    /// The number of bytes, more than 0.
    public let length: Int64
}

extension LayerView {
    /// The contents of a regular file of at most `limit` bytes.
    public func read(_ entry: ViewEntry, limit: Int64 = 64 << 20) throws -> [UInt8] {
        try expectRegular(entry)
        guard entry.size <= limit else {
            throw LayerError.tooLarge(path: entry.displayPath, size: entry.size, limit: limit)
        }
        guard entry.size > 0 else { return [] }
        let place = try contentPlace(of: entry)
        let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: Int(entry.size)) { buffer, count in
            count = try unsafe PositionedIO.read(
                place.tar,
                into: UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[..<Int(entry.size)]
                ),
                at: place.offset,
                subject: entry.displayPath
            )
        }
        guard Int64(bytes.count) == entry.size else {
            throw BlobError.corrupt(layers[entry.identity.layer].diffID, reason: "it is shorter than its index says")
        }
        return bytes
    }

    /// Where the contents of a regular file lie; `nil` for an empty file.
    public func extent(of entry: ViewEntry) throws -> ContentExtent? {
        try expectRegular(entry)
        guard entry.size > 0 else { return nil }
        let offset = try offset(of: entry)
        return ContentExtent(blob: layers[entry.identity.layer].diffID, offset: offset, length: entry.size)
    }

    /// Calls `body` with the tar that holds the contents of a regular file, and the offset of its first byte there.
    ///
    /// The descriptor is shared: read with offsets (`pread`, `copy_file_range`), don't move or close it. Of an empty
    /// file the offset says nothing.
    public func withContent<Value>(
        of entry: ViewEntry,
        _ body: (FileDescriptor, _ offset: Int64) throws -> Value
    ) throws -> Value {
        try expectRegular(entry)
        let place = try contentPlace(of: entry)
        let value = try body(place.tar, place.offset)
        withExtendedLifetime(layers) {}
        return value
    }

    /// The SHA-256 of a regular file's contents; kept beside the layer once computed.
    public func contentDigest(of entry: ViewEntry) throws -> ContentDigest {
        try expectRegular(entry)
        guard entry.size > 0 else { return Self.emptyDigest }
        return try layers[entry.identity.layer].digest(at: try offset(of: entry), size: entry.size)
    }

    private static let emptyDigest = ContentDigest(of: [UInt8]())

    /// The digest of a file's contents if it need not be computed.
    func storedDigest(of entry: ViewEntry) -> ContentDigest? {
        guard entry.kind == .regular, entry.size > 0, let offset = try? offset(of: entry) else { return nil }
        return layers[entry.identity.layer].storedDigest(at: offset)
    }

    /// The open tar with a file's contents, and where they begin.
    func contentPlace(of entry: ViewEntry) throws -> (tar: FileDescriptor, offset: Int64) {
        (try layers[entry.identity.layer].tar(), entry.size == 0 ? 0 : try offset(of: entry))
    }

    private func offset(of entry: ViewEntry) throws -> Int64 {
        let index = layers[entry.identity.layer].index
        guard let content = try index.content(of: try index.node(entry.identity.node)) else {
            throw LayerError.damagedIndex(index.path.string)
        }
        return content.offset
    }

    private func expectRegular(_ entry: ViewEntry) throws {
        guard entry.kind == .regular, layers.indices.contains(entry.identity.layer) else {
            throw LayerError.wrongKind(path: entry.displayPath, expected: .regular)
        }
    }
}
