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
        let (descriptor, names) = try LayoutChoice(documents: documents, options: options).chosen()
        return try take(descriptor, names: names, depth: 0)
    }

    private func reading<Value>(_ subject: String, _ read: () throws(OCIError) -> Value) throws -> Value {
        do { return try read() } catch { throw malformed("\(subject): \(error)") }
    }

    private func take(_ descriptor: Descriptor, names: [String], depth: Int) throws -> StoredImage {
        let (_, json) = try documents.blob(descriptor, "the manifest")
        let manifest: ImageManifest
        switch try ManifestForm(json, stated: descriptor.mediaType, path: path) {
        case .index(let index):
            guard depth < ManifestForm.deepest else {
                throw malformed("its image indexes are nested more than \(ManifestForm.deepest) deep")
            }
            return try take(
                ManifestForm.choose(index.manifests, for: options.platform, path: path),
                names: names,
                depth: depth + 1
            )
        case .image(let image): manifest = image
        }
        let config = try documents.blob(manifest.config, "the configuration")
        let read = try reading("the configuration") { () throws(OCIError) in try ImageConfig(json: config.json) }
        let incoming = try ManifestForm.layers(of: manifest, config: read, path: path).map { diffID, blob in
            IncomingLayer(bytes: try documents.blobFile(blob, "a layer"), digest: blob.digest, diffID: diffID)
        }
        try importer.store(incoming, path: path)
        return try importer.commit(
            configBytes: config.bytes,
            annotations: manifest.annotations,
            sourceManifest: descriptor,
            form: form,
            names: names
        )
    }
}
