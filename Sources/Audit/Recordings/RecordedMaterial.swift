// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage

/// The blobs that executing a recorded build again needs, and those that tell what it did.
///
/// A function of the events alone, so that whoever has the events knows what must be in the recording. Layers that steps
/// made are not among them: they are what a replay makes again.
struct RecordedMaterial: Sendable {
    /// Which sources can be had again by their pins, so that a thin recording leaves out their layers.
    private static let fetchable: Set<String> = ["image", "git", "http", "oci-layout"]

    /// Each blob with what it is, the first word in byte order where it is several things.
    private(set) var roles: [ContentDigest: BlobReference.Role] = [:]
    /// The blobs of sources that can be fetched again and that nothing else needs.
    private(set) var fetchable: Set<ContentDigest> = []
    /// Whether the empty blob is among them, which recordings leave out.
    private(set) var needsEmpty = false

    /// Gathers the blobs of a build's events.
    init(_ events: [BuildEvent]) {
        var kept: Set<ContentDigest> = []
        for event in events {
            let isFetchable =
                switch event {
                case .sourceResolved(let source): Self.isFetchable(source)
                case .layerFetched: true
                default: false
                }
            for (digest, role) in Self.references(of: event) {
                if digest == Self.empty {
                    needsEmpty = true
                    continue
                }
                roles[digest] =
                    roles[digest].map { min($0.rawValue, role.rawValue) == role.rawValue ? role : $0 } ?? role
                if isFetchable, role == .layer { fetchable.insert(digest) } else { kept.insert(digest) }
            }
        }
        fetchable.subtract(kept)
    }

    /// The digest of no bytes at all.
    static let empty = ContentDigest(of: [] as [UInt8])

    private static func isFetchable(_ source: SourceResolved) -> Bool { fetchable.contains(source.type) }

    private static func references(of event: BuildEvent) -> [(ContentDigest, BlobReference.Role)] {
        switch event {
        case .stepReused, .stepFinished: []
        case .imageStored(let image): [(image.manifest, .manifest), (image.config, .config)]
        default: event.blobReferences
        }
    }

    /// The blobs of a recording, in byte order of the digests.
    func blobs(isThin: Bool) -> [(digest: ContentDigest, role: BlobReference.Role)] {
        roles.filter { !isThin || !fetchable.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
