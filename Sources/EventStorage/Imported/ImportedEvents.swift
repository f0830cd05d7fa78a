// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
import SystemPackage

/// The events that an imported recording has for one build, read from the recording's blob.
///
/// They keep the numbers of the log that they come from, and are never copied into this one.
struct ImportedEvents: Sendable {
    let origin: RecordedBuild
    /// Every event of the recording: the build's, and those by which other builds gave it results.
    let all: [StoredEvent]

    /// The build's own events.
    var own: [StoredEvent] {
        let build = origin.id.description
        return all.filter { $0.build == build }
    }

    /// Reads the blob, whose bytes must be the ones that its digest names.
    init(_ origin: RecordedBuild, root: FilePath) throws {
        self.origin = origin
        let path = root.appending("blobs").appending("sha256").appending(origin.events.hex)
        guard let bytes = try WholeFile.read(path) else {
            throw EventLogError.eventsMissing(origin.id, blob: origin.events)
        }
        let actual = ContentDigest(of: bytes)
        guard actual == origin.events else {
            throw EventLogError.damaged(path: path.string, reason: "its bytes are \(actual)")
        }
        do { all = try EventLines.decode(bytes) } catch {
            throw EventLogError.damaged(path: path.string, reason: "\(error.member) \(error.problem)")
        }
    }

    /// The build as its events tell it.
    var summary: BuildSummary? {
        get throws {
            let events = try own.map { try $0.recorded() }
            guard let first = events.first else { return nil }
            var summary = BuildSummary(id: origin.id, first: first)
            for event in events { summary.apply(event) }
            summary.recording = origin.recording
            return summary
        }
    }

    /// The blobs that the build's events name.
    var references: [BlobReference] {
        get throws {
            try own.flatMap { stored in
                try stored.recorded().event.blobReferences.map {
                    BlobReference(digest: $0.0, role: $0.1, seq: stored.seq)
                }
            }
        }
    }
}

extension EventLog {
    /// The events of an imported build; `nil` for a build of this log, and for one that nobody knows.
    func importedEvents(of id: BuildID) throws -> ImportedEvents? {
        guard let origin = try recording(of: id) else { return nil }
        return try ImportedEvents(origin, root: root)
    }

    /// The recording from which a build was imported, the newest if there are several; `nil` for a build of this log.
    public func recording(of id: BuildID) throws -> RecordedBuild? {
        if try index.read({ try BuildSummary.load($0, id: id) }) != nil { return nil }
        return try recordedBuilds(matching: id.description).last { $0.id == id }
    }

    /// The imported builds that this log does not have itself.
    func importedBuilds() throws -> [BuildSummary] {
        let ids = Set(try recordedBuilds().map(\.id)).sorted()
        return try ids.compactMap { try importedEvents(of: $0)?.summary }
    }
}
