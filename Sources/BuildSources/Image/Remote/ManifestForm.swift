// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// What a manifest turns out to be, with the rules that hold wherever it comes from.
enum ManifestForm {
    /// One image.
    case image(ImageManifest)
    /// A list of images, one for each platform.
    case index(ImageIndex)

    /// Indexes within indexes are followed so far.
    static let deepest = 4

    /// Reads a manifest.
    ///
    /// - Parameters:
    ///   - stated: The media type that the descriptor or the server states; the manifest's own wins.
    ///   - path: What errors call the image.
    /// - Throws: `ImageImportError.malformed` for artifacts, old forms and what breaks the format.
    init(_ json: JSONValue, stated: String, path: String) throws(ImageImportError) {
        func malformed(_ reason: String) -> ImageImportError { .malformed(path: path, reason: reason) }
        let guessed = json["manifests"] == nil ? stated : MediaType.ociIndex
        do throws(OCIError) {
            switch json["mediaType"]?.text ?? guessed {
            case MediaType.ociIndex, MediaType.dockerIndex: self = .index(try ImageIndex(json: json))
            case MediaType.ociManifest, MediaType.dockerManifest: self = .image(try ImageManifest(json: json))
            case let other where json["schemaVersion"]?.integer == 1:
                throw OCIError.malformed("\(other), the form of before 2016; push the image again with a newer program")
            case let other: throw OCIError.malformed("a manifest of type \(other), which reel does not know")
            }
        } catch {
            if case .malformed(let what) = error { throw malformed(what) }
            throw malformed("\(error)")
        }
        guard case .image(let manifest) = self else { return }
        guard [MediaType.ociConfig, MediaType.dockerConfig].contains(manifest.config.mediaType) else {
            throw malformed("its configuration is of type \(manifest.config.mediaType): an artifact, and no image")
        }
    }

    /// The descriptor of an index that is meant for `platform`.
    ///
    /// - Throws: `ImageImportError.noPlatform`.
    static func choose(_ descriptors: [Descriptor], for platform: Platform, path: String) throws(ImageImportError)
        -> Descriptor
    {
        if let choice = PlatformChoice.choose(descriptors, for: platform) { return choice }
        throw .noPlatform(path: path, wanted: platform, present: PlatformChoice.names(of: descriptors))
    }

    /// The layers of an image, each with its DiffID, lowest first.
    ///
    /// - Throws: `ImageImportError.malformed` where the numbers differ, and for layers that may not be copied.
    static func layers(of manifest: ImageManifest, config: ImageConfig, path: String) throws(ImageImportError)
        -> [(diffID: ContentDigest, blob: Descriptor)]
    {
        guard config.diffIDs.count == manifest.layers.count else {
            throw .malformed(
                path: path,
                reason: "\(manifest.layers.count) layers, and \(config.diffIDs.count) DiffIDs in the configuration"
            )
        }
        for layer in manifest.layers { try LayerMediaType.check(layer, path: path) }
        return Array(zip(config.diffIDs, manifest.layers))
    }
}
