// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import SystemPackage

/// An OCI layout as a directory: a new one, or one that exists and gets more images.
struct LayoutFolder {
    let path: FilePath

    init(_ destination: ExportDestination, in environment: ExportEnvironment) {
        switch destination {
        case .path(let text): path = environment.workingDirectory.pushing(FilePath(text)).lexicallyNormalized()
        case .standardOutput: path = "/dev/stdout"
        }
    }

    /// Adds blobs first and their names last; of an addition that fails, nothing stays.
    ///
    /// - Throws: `ExportError.destination` where a directory exists that is neither empty nor an OCI layout.
    func add(_ contents: LayoutContents, blobs store: BlobStore) throws {
        let existed = exists(path)
        let index = try existingIndex()
        var made: [FilePath] = []
        do {
            try Files.makeFolders(path.appending("blobs").appending("sha256"))
            for (descriptor, content) in contents.blobs {
                try Stop.check()
                let target = path.appending("blobs").appending("sha256").appending(descriptor.digest.hex)
                if size(of: target) == descriptor.size { continue }
                try write(content, descriptor, to: target, from: store)
                made.append(target)
            }
            if let docker = contents.dockerManifest {
                try AtomicFile.write(docker, to: path.appending("manifest.json"))
            }
            try AtomicFile.write(LayoutDocuments.layout, to: path.appending("oci-layout"))
            try AtomicFile.write(
                merged(index, contents.descriptors).json.canonicalBytes,
                to: path.appending("index.json")
            )
        } catch {
            for target in made { Files.remove(target) }
            if !existed { removeWhatIsEmpty() }
            throw error
        }
    }

    private func removeWhatIsEmpty() {
        Files.remove(path.appending("manifest.json"))
        Files.remove(path.appending("oci-layout"))
        Files.removeEmptyFolder(path.appending("blobs").appending("sha256"))
        Files.removeEmptyFolder(path.appending("blobs"))
        Files.removeEmptyFolder(path)
    }

    /// What the directory names already; an empty index where there is no directory, or nothing in it.
    private func existingIndex() throws -> ImageIndex {
        let file = path.appending("index.json")
        if exists(file) {
            let limit = 16 << 20
            let bytes = try AtomicFile.read(file, limit: limit)
            guard bytes.count <= limit, let json = try? JSONValue(parsing: bytes),
                let index = try? ImageIndex(json: json), exists(path.appending("oci-layout"))
            else {
                throw ExportError.destination(path.string, reason: "it holds an index.json that is no OCI layout's")
            }
            return index
        }
        if exists(path), !isEmptyFolder {
            throw ExportError.destination(path.string, reason: "it exists, and is neither empty nor an OCI layout")
        }
        return ImageIndex(manifests: [])
    }

    /// New names replace equal ones, as BuildKit does it; an image without a name gets the tag `latest`.
    private func merged(_ index: ImageIndex, _ added: [Descriptor]) -> ImageIndex {
        var index = index
        for var descriptor in added {
            let name = descriptor.annotations[LayoutDocuments.imageNameAnnotation]
            let ref = descriptor.annotations[LayoutDocuments.refNameAnnotation] ?? "latest"
            descriptor.annotations[LayoutDocuments.refNameAnnotation] = ref
            index.manifests.removeAll {
                $0.annotations[LayoutDocuments.refNameAnnotation] == ref
                    && $0.annotations[LayoutDocuments.imageNameAnnotation] == name
            }
            index.manifests.append(descriptor)
        }
        return index
    }

    private func write(_ content: BlobContent, _ descriptor: Descriptor, to target: FilePath, from store: BlobStore)
        throws
    {
        let temporary = target.removingLastComponent().appending(".\(descriptor.digest.hex).\(getpid())")
        do {
            try copy(content, descriptor, to: temporary, from: store)
            try Files.rename(temporary, to: target)
        } catch {
            Files.remove(temporary)
            throw error
        }
    }

    private func copy(_ content: BlobContent, _ descriptor: Descriptor, to target: FilePath, from store: BlobStore)
        throws
    {
        let output = try Files.open(target, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode: 0o644)
        try output.closeAfter {
            switch content {
            case .bytes(let bytes): _ = try output.writeAll(bytes)
            case .stored, .remote:
                let source = try store.open(descriptor.digest)
                try source.closeAfter {
                    var copier = RangeCopier(
                        source: source,
                        offset: 0,
                        length: descriptor.size,
                        subject: "blob \(descriptor.digest)",
                        sparse: true
                    )
                    if try copier.run(to: output, target: target.string) {
                        try output.resize(to: descriptor.size)
                    }
                }
            }
        }
    }

    private func exists(_ path: FilePath) -> Bool { Files.status(path, following: false) != nil }

    private func size(of path: FilePath) -> Int64? {
        guard let status = Files.status(path, following: false), status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    private var isEmptyFolder: Bool {
        guard let directory = try? DirectoryReader(path) else { return false }
        return directory.names.isEmpty
    }
}
