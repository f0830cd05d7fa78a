// SPDX-License-Identifier: Apache-2.0

import BuildModel
import BuildSources
import DockerfileFrontend
import Layers
import OCIModel
import SystemPackage

/// What a named context says where it names an image that is in no registry.
struct LayoutPlace {
    private enum Kind {
        /// An OCI layout, or an archive of images.
        case path(FilePath)
        /// An image of containerd.
        case containerd(String)
    }

    private let kind: Kind
    private let layers: LayerStore

    /// Reads `oci-layout://PATH[:TAG|@DIGEST]`, `docker-archive://PATH[:NAME]` or `containerd://NAME`; `nil` for others.
    init?(_ value: String, in engine: Engine) {
        layers = engine.layers
        if value.hasPrefix("containerd://") {
            kind = .containerd(String(value.dropFirst("containerd://".count)))
            return
        }
        guard let (path, _) = ImageContext.split(value) else { return nil }
        kind = .path(FilePath(engine.environment.absolute(path)))
    }

    /// How events call it.
    var how: String { if case .containerd = kind { "containerd" } else { "layout" } }

    /// From where blobs are read.
    ///
    /// An archive that can't be read in place was imported when its image was pinned, so the store has all of it.
    func origin() throws -> any ImageOrigin {
        switch kind {
        case .containerd(let name): ContainerdOrigin(name: name)
        case .path(let path):
            if let layout = try LayoutOrigin(path: path) { layout } else { ImportedOrigin(path: path) }
        }
    }

    /// What `reference` names there now.
    func root(reference: String, platform: Platform) async throws -> Descriptor {
        switch kind {
        case .containerd(let name): return try await ContainerdOrigin(name: name).root()
        case .path(let path):
            if let layout = try LayoutOrigin(path: path) {
                return try await layout.root(reference: reference, platform: platform)
            }
            let options = ImageImportOptions(platform: platform, reference: reference.isEmpty ? nil : reference)
            let layers = layers
            return try await Offload.run {
                let image = try ImageImporter(layers: layers).importImage(at: path, options: options)
                guard image.form != .rootfs else {
                    throw ImageImportError.unrecognised(
                        path: path.string,
                        reason: "a bare root file system has no name; take it in with 'reel image import NAME \(path)'"
                    )
                }
                return image.manifest
            }
        }
    }
}

/// An archive that was taken into the store whole.
private struct ImportedOrigin: ImageOrigin {
    let path: FilePath
    var subject: String { path.string }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] { throw BlobError.missing(descriptor.digest) }

    func copy(_ descriptor: Descriptor, keeping: FilePath, to: @escaping @Sendable ([UInt8]) throws -> Void)
        async throws -> Int64
    { throw BlobError.missing(descriptor.digest) }
}
