// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage

/// Writes the root file system as one tar: entries in byte order, with owners, modes, times, links and attributes.
///
/// Several platforms stand in folders of their own (`linux_amd64/`), as in BuildKit.
struct TarExporter: Exporter {
    let environment: ExportEnvironment

    func export(_ request: ExportRequest) async throws -> ExportResult {
        guard let destination = request.options.destination else { throw ExportError.usage("dest=… is missing") }
        return try await Interruptible.run { [environment] in
            let file = try OutputFile(destination, in: environment)
            for folder in try PlatformFolder.folders(of: request) {
                if !folder.name.isEmpty {
                    var attributes = FileAttributes(kind: .directory, mode: 0o755)
                    attributes.modified = request.epoch
                    try file.write(TarEntryEncoder.headers(TarEntry(path: folder.name, attributes: attributes)))
                }
                let view = try environment.layers.view(folder.image.snapshot)
                var writer = TreeTarWriter(view: view, blobs: environment.layers.blobs, file: file, folder: folder.name)
                try writer.write()
            }
            try file.write(TarEntryEncoder.end)
            try file.commit()
            return ExportResult(exporter: .tar, destination: file.destination?.string, bytes: file.count)
        }
    }
}

/// Writes one view into a tar.
private struct TreeTarWriter {
    let view: LayerView
    let blobs: BlobStore
    let file: OutputFile
    let folder: [UInt8]
    /// The first names of files that have several.
    private var names: [FileIdentity: [UInt8]] = [:]

    init(view: LayerView, blobs: BlobStore, file: OutputFile, folder: [UInt8]) {
        self.view = view
        self.blobs = blobs
        self.file = file
        self.folder = folder
    }

    mutating func write() throws {
        try view.walk(from: view.root) { entry in
            try Stop.check()
            if !entry.path.isEmpty { try add(entry) }
            return .descend
        }
    }

    private func placed(_ path: [UInt8]) -> [UInt8] { folder.isEmpty ? path : folder + [UInt8(ascii: "/")] + path }

    private mutating func add(_ entry: ViewEntry) throws {
        var header = TarEntry(path: placed(entry.path), attributes: entry.attributes)
        if entry.kind != .directory, entry.linkCount > 1 {
            if let first = names[entry.identity] {
                header.link = placed(first)
                header.isHardLink = true
                header.attributes.xattrs = []
                return try file.write(TarEntryEncoder.headers(header))
            }
            names[entry.identity] = entry.path
        }
        header.link = entry.linkTarget
        header.size = entry.size
        try file.write(TarEntryEncoder.headers(header))
        guard entry.kind == .regular, entry.size > 0 else { return }
        try ContentCopy(view: view, blobs: blobs).copy(entry, to: file)
        try file.pad(TarEntryEncoder.padding(after: entry.size))
    }
}
