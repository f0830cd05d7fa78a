// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import EventStorage
import Glibc
import Layers
import SystemPackage

/// One line of `reel du`.
public struct UsageRecord: Hashable, Sendable {
    /// The blob.
    public let digest: ContentDigest
    /// Its bytes on disk.
    public let size: Int64
    /// What it is to the events that name it, sorted; empty when no event does.
    public let roles: [String]
    /// Whether an image or the record of a build still needs it for a replay.
    public let isNeeded: Bool
}

/// What a pruning removed, or would.
public struct PruneReport: Hashable, Sendable {
    /// The blobs, sorted.
    public var digests: [ContentDigest]
    /// Their bytes.
    public var bytes: Int64
}

/// Which blobs a pruning removes.
public enum PruneScope: String, Sendable, CaseIterable {
    /// Those that no event names: leftovers of imports and builds that failed.
    case dangling
    /// Also the layers that steps made, which a build makes again: the cache.
    case cache
    /// Also contexts and base layers that only builds need that no image stands on: replays say "material missing" then.
    case all
}

extension Engine {
    /// Every blob of the store with its size and its use, largest first.
    public func usage() throws -> [UsageRecord] {
        let named = try log.reachableBlobs()
        let needed = try neededByImages()
        return try layers.blobs.all().map { blob in
            let roles = named[blob.digest] ?? []
            return UsageRecord(
                digest: blob.digest,
                size: blob.size,
                roles: roles.map(\.rawValue).sorted(),
                isNeeded: needed.contains(blob.digest) || roles.contains { Self.isRecord($0) }
            )
        }.sorted { ($1.size, $0.digest) < ($0.size, $1.digest) }
    }

    private static func isRecord(_ role: BlobReference.Role) -> Bool {
        switch role {
        case .layer: false
        default: true
        }
    }

    private func neededByImages() throws -> Set<ContentDigest> {
        var needed: Set<ContentDigest> = []
        for record in try log.images() {
            needed.formUnion(record.image.layers)
            needed.formUnion([record.image.manifest, record.image.config])
        }
        return needed
    }

    /// Removes blobs, with an event that names them, written before the first of them goes.
    ///
    /// The images' own blobs and the texts of the record (definitions, preimages, output) stay in every scope.
    ///
    /// - Parameter dryRun: Whether only to say what would go.
    public func prune(_ scope: PruneScope, dryRun: Bool = false) async throws -> PruneReport {
        let named = try log.reachableBlobs()
        let needed = try neededByImages()
        let sources = try sourceLayers()
        let going = try layers.blobs.all().filter { blob in
            if needed.contains(blob.digest) { return false }
            guard let roles = named[blob.digest], !roles.isEmpty else { return true }
            guard roles == [.layer], scope != .dangling else { return false }
            return scope == .all || !sources.contains(blob.digest)
        }
        var report = PruneReport(digests: going.map(\.digest).sorted(), bytes: going.reduce(0) { $0 + $1.size })
        if !dryRun { try removeAbandonedTransfers() }
        if dryRun || report.digests.isEmpty { return report }
        let event = BlobsPruned(digests: report.digests, bytes: report.bytes, reason: scope.rawValue)
        log.append(.blobsPruned(event), build: nil)
        try await log.flush()
        let layers = layers
        let digests = report.digests
        try await Offload.run {
            for digest in digests {
                try layers.blobs.remove(digest)
                try layers.removeCaches(of: digest)
            }
        }
        report.digests = digests
        return report
    }

    /// Removes what arrived of layers that nobody goes on with.
    private func removeAbandonedTransfers() throws {
        let folder = root.appending("arriving")
        guard let stream = unsafe opendir(folder.string) else { return }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard (try? ContentDigest(hex: name)) != nil,
                let lock = try KeyLock(trying: locks.folder.appending("fetch-\(name)").string)
            else { continue }
            unsafe unlink(folder.appending(name).string)
            lock.release()
        }
    }

    /// The layers of contexts and images that builds stood on: what a replay must have.
    private func sourceLayers() throws -> Set<ContentDigest> {
        var sources: Set<ContentDigest> = []
        for recorded in try log.events() {
            switch recorded.event {
            case .sourceResolved(let event): sources.formUnion(event.layers)
            // What a recording brings is what its builds stand on.
            case .recordingImported(let event): sources.formUnion(event.layers)
            default: break
            }
        }
        return sources
    }
}
