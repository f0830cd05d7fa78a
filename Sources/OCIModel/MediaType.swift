// SPDX-License-Identifier: Apache-2.0

/// Media types of images, their layers and of what reel stores in registries.
///
/// Source: OCI image specification, "Media Types"; Docker "Image Manifest Version 2, Schema 2".
public enum MediaType {
    /// An OCI image index.
    public static let ociIndex = "application/vnd.oci.image.index.v1+json"
    /// An OCI image manifest.
    public static let ociManifest = "application/vnd.oci.image.manifest.v1+json"
    /// An OCI image configuration.
    public static let ociConfig = "application/vnd.oci.image.config.v1+json"
    /// An uncompressed layer.
    public static let ociLayer = "application/vnd.oci.image.layer.v1.tar"
    /// A gzip layer.
    public static let ociLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip"
    /// A zstd layer.
    public static let ociLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    /// The empty JSON object `{}`.
    public static let ociEmpty = "application/vnd.oci.empty.v1+json"
    /// A Docker manifest list.
    public static let dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
    /// A Docker image manifest.
    public static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
    /// A Docker image configuration.
    public static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    /// An uncompressed Docker layer.
    public static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar"
    /// A gzip Docker layer.
    public static let dockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    /// A recording of a build.
    public static let recording = "application/vnd.reel.recording.v1"
}
