// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Compressed layers")
struct CompressionTests {
    /// A layer of the machine's own headers and programs: real text and real code.
    private static func realLayer(_ folder: TestFolder, _ store: LayerStore) throws -> CommittedLayer {
        try Shell.run("tar -cf \(folder["real.tar"]) -C /usr/include linux -C /usr/bin bash tar sort ls 2>/dev/null")
        let file = try FileDescriptor.open(folder["real.tar"], .readOnly)
        defer { try? file.close() }
        return try store.importLayer(from: file)
    }

    @Test(
        "gzip and zstd read what was compressed, and it is the same on any number of processors",
        arguments: [Compression.gzip, .zstd]
    )
    func forms(_ form: Compression) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let layer = try Self.realLayer(folder, store)
        let program = form == .gzip ? "gzip -dc" : "zstd -dcq"
        let made = try store.compressed(layer.diffID, as: form)
        let path = store.blobs.path(made.digest)
        #expect(made.mediaType == form.mediaType && store.blobs.size(made.digest) == made.size)
        #expect(try Shell.run("\(program) < \(path) | sha256sum").hasPrefix(layer.diffID.hex))
        #expect(try store.compressed(layer.diffID, as: form) == made)
        for parallelism in [1, 5] {
            try store.removeCaches(of: layer.diffID)
            try store.blobs.remove(made.digest)
            #expect(try store.compressed(layer.diffID, as: form, parallelism: parallelism) == made)
        }
        let other = try folder.store("other")
        let file = try FileDescriptor.open(path, .readOnly)
        defer { try? file.close() }
        #expect(try other.importLayer(from: file, expecting: layer.diffID) == layer)
        let theirs = try #require(
            Int64(
                Shell.run(
                    "\(form == .gzip ? "gzip -6" : "zstd -3 -q") -c < \(store.blobs.path(layer.diffID)) | wc -c"
                ).filter(\.isNumber)
            )
        )
        #expect(made.size <= theirs + theirs / (form == .gzip ? 50 : 20), "\(made.size) against \(theirs)")
    }

    @Test("A kept form whose blob is gone is made again")
    func remade() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try LayerWriterTests.everything(in: store)
        let made = try store.compressed(diffID, as: .gzip)
        try store.blobs.remove(made.digest)
        #expect(try store.compressed(diffID, as: .gzip) == made)
        #expect(store.blobs.contains(made.digest))
        #expect(try store.compressed(diffID, as: .uncompressed).digest == diffID)
    }

    @Test(
        "The empty layer, and layers that end with a piece, compress",
        arguments: [0, (1 << 20) - 1536, (4 << 20) - 1536]
    )
    func sizes(_ size: Int) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try store.layer { writer in
            if size > 0 {
                let attributes = FileAttributes(kind: .regular, mode: 0o644)
                try writer.file(
                    [0x66],
                    attributes,
                    size: Int64(size),
                    content: .bytes([UInt8](repeating: 1, count: size))
                )
            }
        }
        for (form, program) in [(Compression.gzip, "gzip -dc"), (.zstd, "zstd -dcq")] {
            let made = try store.compressed(diffID, as: form)
            #expect(try Shell.run("\(program) < \(store.blobs.path(made.digest)) | sha256sum").hasPrefix(diffID.hex))
        }
    }

    @Test("A damaged tar is not given away")
    func damaged() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try LayerWriterTests.everything(in: store)
        try Shell.run("printf x | dd of=\(store.blobs.path(diffID)) bs=1 seek=3000 conv=notrunc 2>/dev/null")
        let error = #expect(throws: BlobError.self) { try store.compressed(diffID, as: .gzip) }
        #expect(error?.kind == .corrupt)
        #expect(try store.blobs.all().count == 1)
    }
}
