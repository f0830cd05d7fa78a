// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel

/// Finds images for FROM, COPY --from and named contexts: reel's own store, a layout, a registry.
public protocol ImageResolving: Sendable {
    /// Resolves a name to a pinned image for a platform.
    ///
    /// The lowering asks for each (name, platform) once and only for stages that are reached.
    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage

    /// Resolves a tag or digest (`latest` where empty) in the OCI layout that the engine knows as `layout`.
    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage
}

/// An image that was found.
public struct ResolvedImage: Sendable {
    /// The canonical name, without digest.
    public var reference: ImageReference
    /// The pin: the digest that goes into the definition, `docker-image://NAME@DIGEST`.
    public var digest: ContentDigest
    /// The configuration for the platform asked for.
    public var config: ImageConfig

    /// Makes one.
    public init(reference: ImageReference, digest: ContentDigest, config: ImageConfig) {
        self.reference = reference
        self.digest = digest
        self.config = config
    }
}
