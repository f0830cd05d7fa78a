// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import SystemPackage

/// An image in an OCI layout, a directory or an uncompressed tar, which is read where it lies.
public struct LayoutOrigin: ImageOrigin {
    private let documents: ImageDocuments

    /// Opens the layout at `path`; `nil` where there is something else.
    ///
    /// - Throws: `ImageImportError` where there is nothing, or a damaged archive.
    public init?(path: FilePath) throws {
        guard let archive = try ArchiveFile(path, following: true) else {
            throw ImageImportError.unrecognised(path: path.string, reason: "it does not exist")
        }
        let folder = FolderFiles(path: path.string)
        if (try? folder.file("oci-layout")) != nil {
            documents = ImageDocuments(files: folder)
        } else if let members = try? ArchiveMembers(archive), members.contains("oci-layout"),
            members.contains("index.json")
        {
            documents = ImageDocuments(files: ArchiveFiles(path: path.string, archive: archive, members: members))
        } else {
            return nil
        }
    }

    /// The path.
    public var subject: String { documents.files.path }

    /// What `index.json` names.
    ///
    /// - Parameters:
    ///   - reference: A name or a digest; empty where only one image is there.
    ///   - platform: Decides where several platforms stand in `index.json` itself.
    public func root(reference: String, platform: Platform) async throws -> Descriptor {
        let documents = documents
        let options = ImageImportOptions(platform: platform, reference: reference.isEmpty ? nil : reference)
        return try await Offload.run {
            try LayoutChoice(documents: documents, options: options).chosen().descriptor
        }
    }

    /// Reads a blob of the layout.
    public func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let documents = documents
        return try await Offload.run { try documents.blob(descriptor, "a document").bytes }
    }

    /// Reads a layer; nothing is kept, since nothing crosses a network.
    public func copy(
        _ descriptor: Descriptor,
        keeping partial: FilePath,
        to sink: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws -> Int64 {
        let documents = documents
        try await Offload.run {
            let range = try documents.blobFile(descriptor, "a layer")
            var hasher = SHA256Hasher()
            try unsafe range.forEachPiece { piece in
                unsafe hasher.update(piece)
                try sink(unsafe Array(piece))
            }
            let actual = hasher.digest()
            guard actual == descriptor.digest else {
                throw ImageImportError.digestMismatch(
                    path: documents.files.path,
                    subject: "a layer",
                    expected: descriptor.digest,
                    actual: actual
                )
            }
        }
        return 0
    }
}
