// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage

/// What goes into one OCI layout.
struct LayoutContents {
    /// Each blob once, in byte order of the digests.
    let blobs: [(descriptor: Descriptor, content: BlobContent)]
    /// What `index.json` names.
    let descriptors: [Descriptor]
    /// `manifest.json`, where docker is to read it.
    let dockerManifest: [UInt8]?

    init(_ assembled: AssembledExport, request: ExportRequest) {
        let options = request.options
        blobs = assembled.blobs
        descriptors = LayoutDocuments.descriptors(of: assembled.root, names: options.names, created: request.epoch)
        dockerManifest =
            options.type == .docker
            ? assembled.images.first.map { LayoutDocuments.dockerManifest(of: $0, names: options.names) } : nil
    }

    /// A layout of one manifest that is no image.
    init(artifact manifest: Descriptor, blobs: [(descriptor: Descriptor, content: BlobContent)]) {
        self.blobs = blobs
        descriptors = [manifest]
        dockerManifest = nil
    }

    /// Writes a tar: entries in byte order, times 0, owner 0, as containerd and BuildKit write theirs.
    func write(to file: OutputFile, blobs store: BlobStore) throws {
        try add(folder: "blobs", to: file)
        try add(folder: "blobs/sha256", to: file)
        for (descriptor, content) in blobs {
            let name = "blobs/sha256/\(descriptor.digest.hex)"
            switch content {
            case .bytes(let bytes): try add(bytes, as: name, mode: 0o444, to: file)
            case .stored, .remote:
                try file.write(header(name, FileAttributes(kind: .regular, mode: 0o444), size: descriptor.size))
                let source = try store.open(descriptor.digest)
                try source.closeAfter {
                    try file.copy(
                        from: source,
                        at: 0,
                        length: descriptor.size,
                        subject: "blob \(descriptor.digest)",
                        sparse: true
                    )
                }
                try file.pad(TarEntryEncoder.padding(after: descriptor.size))
            }
        }
        try add(ImageIndex(manifests: descriptors).json.canonicalBytes, as: "index.json", mode: 0o644, to: file)
        if let dockerManifest { try add(dockerManifest, as: "manifest.json", mode: 0o644, to: file) }
        try add(LayoutDocuments.layout, as: "oci-layout", mode: 0o444, to: file)
        try file.write(TarEntryEncoder.end)
    }

    private func header(_ name: String, _ attributes: FileAttributes, size: Int64) -> [UInt8] {
        TarEntryEncoder.headers(TarEntry(path: Array(name.utf8), attributes: attributes, size: size))
    }

    private func add(folder name: String, to file: OutputFile) throws {
        try file.write(header(name, FileAttributes(kind: .directory, mode: 0o755), size: 0))
    }

    private func add(_ bytes: [UInt8], as name: String, mode: UInt16, to file: OutputFile) throws {
        try file.write(header(name, FileAttributes(kind: .regular, mode: mode), size: Int64(bytes.count)))
        try file.write(bytes)
        try file.pad(TarEntryEncoder.padding(after: Int64(bytes.count)))
    }
}
