// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel

/// Imports from what `docker save` writes, and what other programs write in that form.
///
/// Source: Moby, `image/spec/v1.2.md`, "Combined Image JSON + Filesystem Changeset Format".
struct DockerArchiveImport {
    let importer: ImageImporter
    let documents: ImageDocuments
    let options: ImageImportOptions

    private struct Entry {
        let config: String
        let layers: [String]
        let tags: [String]
    }

    private var path: String { documents.files.path }

    private func malformed(_ reason: String) -> ImageImportError { .malformed(path: path, reason: reason) }

    /// Whether `json` looks like docker's `manifest.json`.
    static func isManifest(_ json: JSONValue) -> Bool {
        guard let first = json.elements?.first else { return false }
        return first["Config"]?.text != nil && first["Layers"]?.elements != nil
    }

    /// Takes the chosen image into the store.
    func run() throws -> StoredImage {
        guard let json = try documents.json(named: "manifest.json") else { throw malformed("it has no manifest.json") }
        let entry = try chosen(from: (json.elements ?? []).map(entry))
        guard let file = try documents.files.file(entry.config) else {
            throw malformed("the configuration '\(entry.config)' is not in it")
        }
        let configBytes = try file.read(limit: ImageDocuments.largest, subject: entry.config, path: path)
        try check(ContentDigest(of: configBytes), statedBy: entry.config, "the configuration")
        let diffIDs = try diffIDs(in: configBytes)
        guard diffIDs.count == entry.layers.count else {
            throw malformed("\(entry.layers.count) layers, and \(diffIDs.count) DiffIDs in the configuration")
        }
        let incoming = try zip(entry.layers, diffIDs).map { name, diffID in
            guard let bytes = try documents.files.file(name) else {
                throw malformed("the layer '\(name)' is not in it")
            }
            return IncomingLayer(bytes: bytes, digest: Self.blobDigest(name), diffID: diffID)
        }
        try importer.store(incoming, path: path)
        return try importer.commit(
            configBytes: configBytes,
            annotations: [:],
            sourceManifest: nil,
            form: .dockerArchive,
            names: Set(entry.tags).sorted()
        )
    }

    private func entry(_ json: JSONValue) throws -> Entry {
        guard let config = json["Config"]?.text, let layers = json["Layers"]?.elements?.compactMap(\.text) else {
            throw malformed("manifest.json lacks Config or Layers")
        }
        return Entry(config: config, layers: layers, tags: json["RepoTags"]?.elements?.compactMap(\.text) ?? [])
    }

    private func chosen(from entries: [Entry]) throws -> Entry {
        let known = Set(entries.flatMap(\.tags)).sorted()
        if let reference = options.reference {
            let full = (try? ImageReference(parsing: reference))?.description
            let match = entries.first { entry in
                entry.tags.contains { $0 == reference || (try? ImageReference(parsing: $0))?.description == full }
            }
            guard let match else { throw ImageImportError.noSuchImage(path: path, name: reference, names: known) }
            return match
        }
        guard let first = entries.first else { throw malformed("its manifest.json names no image") }
        guard entries.count == 1 else { throw ImageImportError.ambiguous(path: path, names: known) }
        return first
    }

    private func diffIDs(in bytes: [UInt8]) throws -> [ContentDigest] {
        do { return try ImageConfig(json: JSONValue(parsing: bytes)).diffIDs } catch {
            throw malformed("the configuration: \(error)")
        }
    }

    /// The digest that a name promises: `HEX.json`, `sha256:HEX`, `blobs/sha256/HEX`.
    private static func statedDigest(_ name: String) -> ContentDigest? {
        let last = name.split(separator: "/").last ?? ""
        let stem = last.hasPrefix("sha256:") ? last.dropFirst(7) : last.prefix { $0 != "." }
        return try? ContentDigest(hex: stem)
    }

    /// Only names of blobs are digests of the bytes; older layer names are ids of another kind.
    private static func blobDigest(_ name: String) -> ContentDigest? {
        name.hasPrefix("blobs/sha256/") ? statedDigest(name) : nil
    }

    private func check(_ actual: ContentDigest, statedBy name: String, _ subject: String) throws {
        guard let expected = Self.statedDigest(name), expected != actual else { return }
        throw ImageImportError.digestMismatch(path: path, subject: subject, expected: expected, actual: actual)
    }
}
