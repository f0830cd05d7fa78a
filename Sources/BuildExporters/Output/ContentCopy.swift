// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// Copies the contents of files of a view.
struct ContentCopy {
    let view: LayerView
    let blobs: BlobStore
    /// Files of at least this size are looked at for holes, through a descriptor of their own.
    private static let sparseSize: Int64 = 1 << 20
    /// Files up to this size are read into memory, which takes fewer calls.
    private static let smallSize: Int64 = 1 << 16

    init(view: LayerView, blobs: BlobStore) {
        self.view = view
        self.blobs = blobs
    }

    /// Appends the contents of a regular file to an archive.
    func copy(_ entry: ViewEntry, to file: OutputFile) throws {
        if entry.size <= Self.smallSize { return try file.write(view.read(entry, limit: Self.smallSize)) }
        try withSource(of: entry) { source, offset, sparse in
            try file.copy(
                from: source,
                at: offset,
                length: entry.size,
                subject: String(decoding: entry.path, as: UTF8.self),
                sparse: sparse
            )
        }
    }

    /// Writes the contents of a regular file into the new, empty file `target`.
    func copy(_ entry: ViewEntry, to target: FileDescriptor) throws {
        let name = String(decoding: entry.path, as: UTF8.self)
        try withSource(of: entry) { source, offset, sparse in
            var copier = RangeCopier(source: source, offset: offset, length: entry.size, subject: name, sparse: sparse)
            if try copier.run(to: target, target: name) { try target.resize(to: entry.size) }
        }
    }

    private func withSource(of entry: ViewEntry, _ body: (FileDescriptor, Int64, Bool) throws -> Void) throws {
        if entry.size >= Self.sparseSize, let extent = try view.extent(of: entry) {
            let source = try blobs.open(extent.blob)
            return try source.closeAfter { try body(source, extent.offset, true) }
        }
        try view.withContent(of: entry) { source, offset in try body(source, offset, false) }
    }
}
