// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventStorage
import OCIModel

/// The names and limits of recordings, version 1.
enum RecordingFormat {
    static let events = "application/vnd.reel.events.v1+jsonl"
    static let proofs = "application/vnd.reel.proofs.v1+json"
    static let checkpoint = "application/vnd.reel.checkpoint.v1"
    /// The manifest's annotation that names the build.
    static let buildAnnotation = "dev.reel.build"
    /// The manifest's annotation that says that fetchable material is left out.
    static let thinAnnotation = "dev.reel.thin"

    /// The most members of the tar; registries take no manifest with more.
    static let mostMembers = 32_768
    /// The most bytes of the manifest, the events and the proofs, each.
    static let largestDocument: Int64 = 256 << 20

    /// The configuration of every recording: the empty object.
    static let configBytes = Array("{}".utf8)
    static let config = Descriptor(
        mediaType: MediaType.ociEmpty,
        digest: ContentDigest(of: configBytes),
        size: Int64(configBytes.count)
    )

    /// The media type of a blob by what it is.
    static func mediaType(_ role: BlobReference.Role) -> String {
        switch role {
        case .layer: "application/vnd.reel.layer.v1.tar"
        case .ignoreRules: "application/vnd.reel.ignore-rules.v1"
        default: "application/vnd.reel.\(role.rawValue).v1"
        }
    }
}
