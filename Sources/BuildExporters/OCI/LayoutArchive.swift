// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
public import OCIModel
import SystemPackage

/// An OCI layout in a tar that holds one artifact, such as a recording: written, and told byte for byte.
///
/// Given the blobs every byte of the file is determined, so a reader can compare what it reads with these functions.
public enum LayoutArchive {
    /// Where a blob's bytes are.
    public enum Content: Hashable, Sendable {
        /// Here.
        case bytes([UInt8])
        /// In the store, under the digest.
        case stored
    }

    /// Writes the layout; the file appears whole or not at all.
    ///
    /// - Parameters:
    ///   - manifest: What `index.json` names; its blob is among `blobs`.
    ///   - blobs: Each once, in any order.
    /// - Returns: How many bytes were written, and where to; `nil` for standard output.
    /// - Throws: `BlobError.missing`, `ExportError`.
    public static func write(
        _ manifest: Descriptor,
        blobs: [(descriptor: Descriptor, content: Content)],
        to destination: ExportDestination,
        in environment: ExportEnvironment
    ) throws -> (bytes: Int64, destination: String?) {
        let sorted = blobs.sorted { $0.descriptor.digest < $1.descriptor.digest }
        let contents = LayoutContents(
            artifact: manifest,
            blobs: sorted.map { blob in
                switch blob.content {
                case .bytes(let bytes): (blob.descriptor, .bytes(bytes))
                case .stored: (blob.descriptor, .stored)
                }
            }
        )
        let file = try OutputFile(destination, in: environment)
        try contents.write(to: file, blobs: environment.layers.blobs)
        try file.commit()
        return (file.count, file.destination?.string)
    }

    /// The tar header of a folder of the layout.
    public static func header(ofFolder name: String) -> [UInt8] {
        header(name, FileAttributes(kind: .directory, mode: 0o755), size: 0)
    }

    /// The tar header, or headers, of a file of the layout.
    public static func header(ofFile name: String, size: Int64) -> [UInt8] {
        header(name, FileAttributes(kind: .regular, mode: name == "index.json" ? 0o644 : 0o444), size: size)
    }

    /// The bytes of `index.json` for one manifest.
    public static func index(of manifest: Descriptor) -> [UInt8] {
        ImageIndex(manifests: [manifest]).json.canonicalBytes
    }

    /// The bytes of `oci-layout`.
    public static var layout: [UInt8] { LayoutDocuments.layout }

    /// The zeros behind the last entry.
    public static var end: [UInt8] { TarEntryEncoder.end }

    private static func header(_ name: String, _ attributes: FileAttributes, size: Int64) -> [UInt8] {
        TarEntryEncoder.headers(TarEntry(path: Array(name.utf8), attributes: attributes, size: size))
    }
}
