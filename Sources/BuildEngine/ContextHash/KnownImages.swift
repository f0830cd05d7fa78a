// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import DockerfileFrontend
import OCIModel
import Synchronization

/// Answers with images of the store, and with an empty image for one that is not there.
final class KnownImages: ImageResolving {
    private let store: ImageStore?
    private let missing = Mutex<Set<String>>([])

    init(store: ImageStore?) { self.store = store }

    /// The names that were asked for and are not in the store, sorted.
    var unknown: [String] { missing.withLock { $0.sorted() } }

    func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
        if let store, let image = try store.image(reference, platform: platform) {
            return ResolvedImage(reference: reference, digest: image.manifest, config: try store.config(of: image))
        }
        return nothing(called: reference.familiar, reference: reference, platform: platform)
    }

    func resolve(layout: String, reference: String, platform: Platform) async throws -> ResolvedImage {
        nothing(
            called: "oci-layout://\(layout)",
            reference: try ImageReference(parsing: "layout/unknown"),
            platform: platform
        )
    }

    private func nothing(called name: String, reference: ImageReference, platform: Platform) -> ResolvedImage {
        missing.withLock { _ = $0.insert(name) }
        return ResolvedImage(
            reference: reference,
            digest: ContentDigest(of: name),
            config: ImageConfig(platform: platform)
        )
    }
}
