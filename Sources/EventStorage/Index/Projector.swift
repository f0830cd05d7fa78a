// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

/// Folds events into the tables of the index, inside a transaction of the caller's.
///
/// Every table is a function of the events alone, so that events taken in one by one or all at once give equal rows.
struct Projector {
    private let database: Database
    private var builds: [BuildID: BuildSummary] = [:]
    /// Whether `absent` may hold rows, so that it need not be asked for each blob.
    private var mayLack: Bool

    init(_ database: Database) throws {
        self.database = database
        mayLack = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM absent)") ?? true
    }

    /// Takes in the next event.
    mutating func apply(_ event: RecordedEvent) throws {
        if let build = event.build { try applyToBuild(event, build) }
        for reference in event.event.blobReferences { try refer(reference, event) }
        switch event.event {
        // What a replay gave is compared, never reused.
        case .stepFinished where isReplay(event), .stepReused where isReplay(event): break
        case .stepFinished(let payload): try result(payload.key, payload.results, event.seq)
        case .stepReused(let payload) where payload.producer == 0: try result(payload.key, payload.results, event.seq)
        case .sourceResolved(let payload): try resolved(payload, event)
        case .contextDigested(let payload): try digested(payload, event)
        case .imageStored(let payload): try stored(payload, event)
        case .imageUntagged(let payload): try run("DELETE FROM image WHERE name = ?") { try $0.bind(1, payload.name) }
        case .blobMissing(let payload): try lack([payload.digest], "missing", event.seq)
        case .blobCorrupt(let payload): try lack([payload.digest], "corrupt", event.seq)
        case .blobsPruned(let payload): try lack(payload.digests, "pruned", event.seq)
        case .recordingImported(let payload): try imported(payload, event)
        default: break
        }
    }

    /// Writes what was gathered, and how far the index is.
    mutating func finish(seq: Int64, leaf: ContentDigest) throws {
        for build in builds.values.sorted(by: { $0.id < $1.id }) { try build.save(database) }
        builds = [:]
        try run("INSERT OR REPLACE INTO progress (id, seq, leaf) VALUES (1, ?, ?)") {
            try $0.bind(1, seq)
            try $0.bind(2, leaf)
        }
    }

    private func run(_ sql: String, _ bind: (PreparedStatement) throws -> Void) throws {
        let statement = try PreparedStatement(database, sql)
        try bind(statement)
        try statement.run()
    }

    private func isReplay(_ event: RecordedEvent) -> Bool {
        event.build.flatMap { builds[$0]?.relation } == "replay"
    }

    private mutating func applyToBuild(_ event: RecordedEvent, _ id: BuildID) throws {
        if builds[id] == nil {
            builds[id] = try BuildSummary.load(database, id: id) ?? BuildSummary(id: id, first: event)
        }
        builds[id]?.apply(event)
    }

    private func refer(_ reference: (ContentDigest, BlobReference.Role), _ event: RecordedEvent) throws {
        try run("INSERT OR IGNORE INTO blob_reference (seq, digest, role) VALUES (?, ?, ?)") {
            try $0.bind(1, event.seq)
            try $0.bind(2, reference.0)
            try $0.bind(3, reference.1.rawValue)
        }
        guard mayLack, event.event.bringsBlobs else { return }
        try run("DELETE FROM absent WHERE digest = ?") { try $0.bind(1, reference.0) }
    }

    private mutating func lack(_ digests: [ContentDigest], _ reason: String, _ seq: Int64) throws {
        mayLack = true
        for digest in digests {
            try run("INSERT OR REPLACE INTO absent (digest, seq, reason) VALUES (?, ?, ?)") {
                try $0.bind(1, digest)
                try $0.bind(2, seq)
                try $0.bind(3, reason)
            }
        }
    }

    private func result(_ key: ContentDigest, _ results: [StepResult], _ seq: Int64) throws {
        try run("INSERT OR REPLACE INTO result (key, producer, results) VALUES (?, ?, ?)") {
            try $0.bind(1, key)
            try $0.bind(2, seq)
            try $0.bind(3, utf8: StepResult.canonicalBytes(of: results))
        }
        for result in results {
            guard let chainID = result.chainID, let diffID = result.diffID else { continue }
            try chain(chainID, result.parent, diffID)
        }
    }

    private func chain(_ id: ContentDigest, _ parent: ContentDigest?, _ diffID: ContentDigest) throws {
        try run("INSERT OR IGNORE INTO chain (id, parent, diff_id) VALUES (?, ?, ?)") {
            try $0.bind(1, id)
            try $0.bind(2, parent)
            try $0.bind(3, diffID)
        }
    }

    /// The ChainIDs of every stack that begins at the lowest of `layers`.
    private func chains(of layers: [ContentDigest]) throws {
        var parent: ContentDigest?
        for layer in layers {
            let id = parent.map { ContentDigest(of: "\($0) \(layer)") } ?? layer
            try chain(id, parent, layer)
            parent = id
        }
    }

    private func resolved(_ payload: SourceResolved, _ event: RecordedEvent) throws {
        try chains(of: payload.layers)
        guard payload.how != "record" else { return }
        try run("INSERT OR REPLACE INTO pin (identifier, type, pin, seq, build, time) VALUES (?, ?, ?, ?, ?, ?)") {
            try $0.bind(1, payload.identifier)
            try $0.bind(2, payload.type)
            try $0.bind(3, payload.pin)
            try $0.bind(4, event.seq)
            try $0.bind(5, event.build?.description)
            try $0.bind(6, event.time.nanoseconds)
        }
    }

    private func digested(_ payload: ContextDigested, _ event: RecordedEvent) throws {
        if let layer = payload.layer { try chains(of: [layer]) }
        try run("INSERT INTO context (seq, build, name, digest) VALUES (?, ?, ?, ?)") {
            try $0.bind(1, event.seq)
            try $0.bind(2, event.build?.description ?? "")
            try $0.bind(3, payload.name)
            try $0.bind(4, payload.digest)
        }
    }

    /// Gives the image its names. What another build gave a name to loses it; the other platforms of this one keep it.
    private func stored(_ payload: ImageStored, _ event: RecordedEvent) throws {
        try chains(of: payload.layers)
        for name in payload.names {
            try run("DELETE FROM image WHERE name = ? AND build IS NOT ?") {
                try $0.bind(1, name)
                try $0.bind(2, event.build?.description)
            }
            try run(
                """
                INSERT OR REPLACE INTO image
                (name, platform, seq, build, time, manifest, size, config, layers, origin, names)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            ) {
                try $0.bind(1, name)
                try $0.bind(2, payload.platform)
                try $0.bind(3, event.seq)
                try $0.bind(4, event.build?.description)
                try $0.bind(5, event.time.nanoseconds)
                try $0.bind(6, payload.manifest)
                try $0.bind(7, payload.size)
                try $0.bind(8, payload.config)
                try $0.bind(9, utf8: JSONValue(payload.layers.map(\.description)).canonicalBytes)
                try $0.bind(10, payload.origin)
                try $0.bind(11, utf8: JSONValue(payload.names).canonicalBytes)
            }
        }
    }

    private func imported(_ payload: RecordingImported, _ event: RecordedEvent) throws {
        for build in payload.builds {
            try run("INSERT INTO recorded_build (id, seq, recording, events) VALUES (?, ?, ?, ?)") {
                try $0.bind(1, build.description)
                try $0.bind(2, event.seq)
                try $0.bind(3, payload.recording)
                try $0.bind(4, payload.events)
            }
        }
    }
}
