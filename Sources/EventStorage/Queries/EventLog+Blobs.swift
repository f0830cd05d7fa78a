// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import GRDB

extension EventLog {
    /// The events that name the blob, in order.
    public func references(to digest: ContentDigest) throws -> [BlobReference] {
        try references("WHERE digest = ? ORDER BY seq, role") { try $0.bind(1, digest) }
    }

    /// Every blob that a build's events name, in the order of the events.
    public func references(from build: BuildID) throws -> [BlobReference] {
        guard let summary = try index.read({ try BuildSummary.load($0, id: build) }) else {
            return try importedEvents(of: build)?.references ?? []
        }
        let own = Set(
            try reader.rows(after: summary.firstSeq - 1, through: summary.lastSeq, of: build).map(\.event.seq)
        )
        return try references("WHERE seq >= ? AND seq <= ? ORDER BY seq, role, digest") {
            try $0.bind(1, summary.firstSeq)
            try $0.bind(2, summary.lastSeq)
        }.filter { own.contains($0.seq) }
    }

    private func references(
        _ condition: String,
        _ bind: (PreparedStatement) throws -> Void
    ) throws -> [BlobReference] {
        try index.read { database in
            let row = try PreparedStatement(database, "SELECT digest, role, seq FROM blob_reference \(condition)")
            defer { row.reset() }
            try bind(row)
            var references: [BlobReference] = []
            while try row.step() {
                guard let digest = row.digest(0), let role = BlobReference.Role(rawValue: row.text(1)) else { continue }
                references.append(BlobReference(digest: digest, role: role, seq: row.integer(2)))
            }
            return references
        }
    }

    /// Every blob that some event names and that was not pruned since, with what it is.
    public func reachableBlobs() throws -> [ContentDigest: Set<BlobReference.Role>] {
        try index.read { database in
            let row = try PreparedStatement(
                database,
                """
                SELECT DISTINCT digest, role FROM blob_reference
                WHERE digest NOT IN (SELECT digest FROM absent WHERE reason = 'pruned')
                """
            )
            defer { row.reset() }
            var blobs: [ContentDigest: Set<BlobReference.Role>] = [:]
            while try row.step() {
                guard let digest = row.digest(0), let role = BlobReference.Role(rawValue: row.text(1)) else { continue }
                blobs[digest, default: []].insert(role)
            }
            return blobs
        }
    }

    /// The blobs that are known to be pruned, missing or corrupt, with that word.
    public func absentBlobs() throws -> [ContentDigest: String] {
        try index.read { database in
            let row = try PreparedStatement(database, "SELECT digest, reason FROM absent")
            defer { row.reset() }
            var blobs: [ContentDigest: String] = [:]
            while try row.step() { if let digest = row.digest(0) { blobs[digest] = row.text(1) } }
            return blobs
        }
    }

    /// Makes `index.sqlite` again from the log, whole; returns the number of events read.
    @discardableResult public func rebuildIndex() throws -> Int64 { try index.rebuild() }
}
