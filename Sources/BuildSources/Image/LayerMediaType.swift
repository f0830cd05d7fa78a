// SPDX-License-Identifier: Apache-2.0

public import OCIModel

/// Which media types of layers are taken.
public enum LayerMediaType {
    private static let known: Set<String> = [
        MediaType.ociLayer, MediaType.ociLayerGzip, MediaType.ociLayerZstd, MediaType.dockerLayer,
        MediaType.dockerLayerGzip, "application/vnd.docker.image.rootfs.diff.tar.zstd",
    ]

    /// Refuses layers that are kept elsewhere (foreign, non-distributable) and those of unknown types.
    ///
    /// - Throws: `ImageImportError.malformed`, with `path` as its subject.
    public static func check(_ descriptor: Descriptor, path: String) throws(ImageImportError) {
        if known.contains(descriptor.mediaType) { return }
        let foreign = descriptor.mediaType.contains("foreign") || descriptor.mediaType.contains("nondistributable")
        let reason =
            foreign
            ? "a foreign layer (\(descriptor.mediaType)), which may not be copied; choose another base image"
            : "a layer of type \(descriptor.mediaType), which reel does not know"
        throw .malformed(path: path, reason: reason)
    }
}
