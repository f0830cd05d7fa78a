// SPDX-License-Identifier: Apache-2.0

import BuildModel
import OCIModel

/// The small files of an OCI layout, and docker's `manifest.json`.
///
/// Source: OCI image specification, "Image Layout"; containerd, `core/images/archive`; BuildKit, `client/ociindex`.
enum LayoutDocuments {
    static let imageNameAnnotation = "io.containerd.image.name"
    static let refNameAnnotation = "org.opencontainers.image.ref.name"
    static let createdAnnotation = "org.opencontainers.image.created"

    /// The contents of `oci-layout`.
    static var layout: [UInt8] { JSONValue.object(["imageLayoutVersion": "1.0.0"]).canonicalBytes }

    /// The descriptors of `index.json`: one for each name, or one without a name.
    static func descriptors(of root: Descriptor, names: [ImageReference], created: Timestamp) -> [Descriptor] {
        var base = root
        if base.annotations[createdAnnotation] == nil { base.annotations[createdAnnotation] = created.rfc3339 }
        guard !names.isEmpty else { return [base] }
        return names.map { name in
            var named = base
            named.annotations[imageNameAnnotation] = name.description
            named.annotations[refNameAnnotation] = refName(name)
            return named
        }
    }

    /// The short name by which layouts know an image: its tag, or the whole name where there is none.
    static func refName(_ name: ImageReference) -> String { name.tag ?? name.description }

    /// `manifest.json`, by which `docker load` finds the image.
    ///
    /// Source: Moby, `image/spec/v1.2.md`, "Combined Image JSON + Filesystem Changeset Format".
    static func dockerManifest(of image: AssembledImage, names: [ImageReference]) -> [UInt8] {
        func path(_ digest: ContentDigest) -> JSONValue { .string("blobs/sha256/\(digest.hex)") }
        let tags = names.filter { $0.tag != nil }.map { $0.familiar.split(separator: "@").first.map(String.init) ?? "" }
        let entry: JSONValue = [
            "Config": path(image.config.digest),
            "RepoTags": tags.isEmpty ? .null : JSONValue(tags),
            "Layers": .array(image.layers.map { path($0.digest) }),
        ]
        return JSONValue.array([entry]).canonicalBytes
    }
}
