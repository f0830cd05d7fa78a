// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// Imports from an OCI layout, whether directory or archive.
struct LayoutImport {
    let importer: ImageImporter
    let documents: ImageDocuments
    let options: ImageImportOptions
    let form: StoredImage.Form

    private var path: String { documents.files.path }

    private func malformed(_ reason: String) -> ImageImportError { .malformed(path: path, reason: reason) }

    /// Takes the chosen image into the store.
    func run() throws -> StoredImage {
        guard let json = try documents.json(named: "index.json") else { throw malformed("it has no index.json") }
        let index = try reading("index.json") { () throws(OCIError) in try ImageIndex(json: json) }
        let (descriptor, names) = try chosen(from: index)
        return try take(descriptor, names: names, depth: 0)
    }

    /// The names under which layouts know an image.
    static func names(of descriptor: Descriptor) -> [String] {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"].compactMap { descriptor.annotations[$0] }
    }

    private func reading<Value>(_ subject: String, _ read: () throws(OCIError) -> Value) throws -> Value {
        do { return try read() } catch { throw malformed("\(subject): \(error)") }
    }

    /// The image that is meant, and the names it has.
    private func chosen(from index: ImageIndex) throws -> (Descriptor, [String]) {
        let all = index.manifests.filter { !PlatformChoice.isAttestation($0) }
        let known = Set(all.flatMap(Self.names)).sorted()
        var candidates = all
        if let reference = options.reference {
            candidates = all.filter { matches($0, reference) }
            guard !candidates.isEmpty else {
                throw ImageImportError.noSuchImage(path: path, name: reference, names: known)
            }
        }
        guard let first = candidates.first else { throw malformed("its index.json names no image") }
        let names = Set(candidates.flatMap(Self.names)).sorted()
        if candidates.allSatisfy({ $0.digest == first.digest }) { return (first, names) }
        // Several platforms under one name, or under none, stand for an image index.
        if Set(candidates.map(Self.names)).count == 1, candidates.allSatisfy({ $0.platform != nil }) {
            return (try platformChoice(candidates), names)
        }
        throw ImageImportError.ambiguous(
            path: path,
            names: known.isEmpty ? candidates.map(\.digest.description) : known
        )
    }

    private func matches(_ descriptor: Descriptor, _ reference: String) -> Bool {
        if descriptor.digest.description == reference { return true }
        let full = (try? ImageReference(parsing: reference))?.description
        return Self.names(of: descriptor).contains { $0 == reference || $0 == full }
    }

    private func platformChoice(_ descriptors: [Descriptor]) throws -> Descriptor {
        guard let choice = PlatformChoice.choose(descriptors, for: options.platform) else {
            throw ImageImportError.noPlatform(
                path: path,
                wanted: options.platform,
                present: PlatformChoice.names(of: descriptors)
            )
        }
        return choice
    }

    private func take(_ descriptor: Descriptor, names: [String], depth: Int) throws -> StoredImage {
        let (_, json) = try documents.blob(descriptor, "the manifest")
        switch json["mediaType"]?.text ?? descriptor.mediaType {
        case MediaType.ociIndex, MediaType.dockerIndex:
            guard depth < 4 else { throw malformed("its image indexes are nested more than 4 deep") }
            let index = try reading("the image index") { () throws(OCIError) in try ImageIndex(json: json) }
            return try take(platformChoice(index.manifests), names: names, depth: depth + 1)
        case MediaType.ociManifest, MediaType.dockerManifest: break
        case let other: throw malformed("a manifest of type \(other), which reel does not know")
        }
        let manifest = try reading("the manifest") { () throws(OCIError) in try ImageManifest(json: json) }
        guard [MediaType.ociConfig, MediaType.dockerConfig].contains(manifest.config.mediaType) else {
            throw malformed("its configuration is of type \(manifest.config.mediaType): an artifact, and no image")
        }
        let config = try documents.blob(manifest.config, "the configuration")
        let diffIDs = try reading("the configuration") { () throws(OCIError) in
            try ImageConfig(json: config.json).diffIDs
        }
        guard diffIDs.count == manifest.layers.count else {
            throw malformed("\(manifest.layers.count) layers, and \(diffIDs.count) DiffIDs in the configuration")
        }
        let incoming = try zip(manifest.layers, diffIDs).map(layer)
        try importer.store(incoming, path: path)
        return try importer.commit(
            configBytes: config.bytes,
            annotations: manifest.annotations,
            sourceManifest: descriptor,
            form: form,
            names: names
        )
    }

    private func layer(_ descriptor: Descriptor, diffID: ContentDigest) throws -> IncomingLayer {
        try LayerMediaType.check(descriptor, path: path)
        let bytes = try documents.blobFile(descriptor, "a layer")
        return IncomingLayer(bytes: bytes, digest: descriptor.digest, diffID: diffID)
    }
}
