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

    /// Writes a tar: entries in byte order, times 0, owner 0, as containerd and BuildKit write theirs.
    func write(to file: OutputFile, blobs store: BlobStore) throws {
        try file.write(ArchiveTar.header(name: "blobs/", mode: 0o755, size: 0))
        try file.write(ArchiveTar.header(name: "blobs/sha256/", mode: 0o755, size: 0))
        for (descriptor, content) in blobs {
            let name = "blobs/sha256/\(descriptor.digest.hex)"
            switch content {
            case .bytes(let bytes): try add(bytes, as: name, mode: 0o444, to: file)
            case .stored:
                try file.write(ArchiveTar.header(name: name, mode: 0o444, size: descriptor.size))
                let source = try store.open(descriptor.digest)
                try source.closeAfter {
                    try file.copy(from: source, at: 0, length: descriptor.size, subject: "blob \(descriptor.digest)")
                }
                try pad(file, after: descriptor.size)
            }
        }
        try add(ImageIndex(manifests: descriptors).json.canonicalBytes, as: "index.json", mode: 0o644, to: file)
        if let dockerManifest { try add(dockerManifest, as: "manifest.json", mode: 0o644, to: file) }
        try add(LayoutDocuments.layout, as: "oci-layout", mode: 0o444, to: file)
        try file.write(ArchiveTar.end)
    }

    private func add(_ bytes: [UInt8], as name: String, mode: UInt16, to file: OutputFile) throws {
        try file.write(ArchiveTar.header(name: name, mode: mode, size: Int64(bytes.count)))
        try file.write(bytes)
        try pad(file, after: Int64(bytes.count))
    }

    private func pad(_ file: OutputFile, after size: Int64) throws {
        try file.write([UInt8](repeating: 0, count: ArchiveTar.padding(after: size)))
    }
}
