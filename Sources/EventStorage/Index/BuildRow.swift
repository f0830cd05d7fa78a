// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

/// A build's row of the projection, and how events change it.
extension BuildSummary {
    static let columns = """
        id, status, started, ended, first_seq, last_seq, frontend, original, relation, steps, reused, ran, failures, \
        fallbacks, image, error, options, tags, results
        """

    /// The summary before the first event.
    init(id: BuildID, first: RecordedEvent) {
        self.init(
            id: id,
            status: .running,
            started: first.time,
            ended: first.time,
            firstSeq: first.seq,
            lastSeq: first.seq,
            frontend: "",
            options: [:],
            tags: [],
            of: nil,
            relation: nil,
            steps: 0,
            reused: 0,
            ran: 0,
            failures: 0,
            fallbacks: 0,
            image: nil,
            results: [:],
            error: nil
        )
    }

    /// Reads the columns of `columns`.
    init(_ row: PreparedStatement) throws {
        self.init(
            id: try BuildID(parsing: row.text(0)),
            status: BuildStatus(rawValue: row.text(1)) ?? .running,
            started: Timestamp(nanoseconds: row.integer(2)),
            ended: Timestamp(nanoseconds: row.integer(3)),
            firstSeq: row.integer(4),
            lastSeq: row.integer(5),
            frontend: row.text(6),
            options: try Self.texts(row.bytes(16)),
            tags: try JSONValue(parsing: row.bytes(17)).elements?.compactMap(\.text) ?? [],
            of: try row.optionalText(7).map { try BuildID(parsing: $0) },
            relation: row.optionalText(8),
            steps: Int(row.integer(9)),
            reused: Int(row.integer(10)),
            ran: Int(row.integer(11)),
            failures: Int(row.integer(12)),
            fallbacks: Int(row.integer(13)),
            image: row.digest(14),
            results: try Self.texts(row.bytes(18)).mapValues { try ContentDigest(parsing: $0) },
            error: row.optionalText(15)
        )
    }

    private static func texts(_ bytes: [UInt8]) throws -> [String: String] {
        bytes == [0x7B, 0x7D] ? [:] : try JSONValue(parsing: bytes).members?.compactMapValues(\.text) ?? [:]
    }

    /// Takes in the next event of the build.
    mutating func apply(_ event: RecordedEvent) {
        lastSeq = event.seq
        if status == .running { ended = event.time }
        switch event.event {
        case .buildStarted(let payload):
            frontend = payload.frontend
            options = payload.options
            tags = payload.tags
            of = payload.of
            relation = payload.relation
        case .stepKeyed: steps += 1
        case .stepReused: reused += 1
        case .stepFinished: ran += 1
        case .stepFailed: failures += 1
        case .fallback: fallbacks += 1
        case .buildFinished(let payload):
            status = .finished
            results = payload.results
            image = payload.image
        case .buildFailed(let payload):
            status = .failed
            error = payload.message
        case .buildCancelled(let payload):
            status = .cancelled
            error = payload.reason
        default: break
        }
    }

    /// Writes the row and its tags.
    func save(_ database: Database) throws {
        let row = try PreparedStatement(
            database,
            """
            INSERT OR REPLACE INTO build (\(Self.columns), target)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        try row.bind(1, id.description)
        try row.bind(2, status.rawValue)
        for (index, value) in [started.nanoseconds, ended.nanoseconds, firstSeq, lastSeq].enumerated() {
            try row.bind(Int32(3 + index), value)
        }
        try row.bind(7, frontend)
        try row.bind(8, of?.description)
        try row.bind(9, relation)
        for (index, value) in [steps, reused, ran, failures, fallbacks].enumerated() {
            try row.bind(Int32(10 + index), Int64(value))
        }
        try row.bind(15, image)
        try row.bind(16, error)
        try row.bind(17, utf8: JSONValue(options).canonicalBytes)
        try row.bind(18, utf8: JSONValue(tags).canonicalBytes)
        try row.bind(19, utf8: JSONValue(results.mapValues(\.description)).canonicalBytes)
        try row.bind(20, target)
        try row.run()
        for tag in tags {
            let statement = try PreparedStatement(
                database,
                "INSERT OR IGNORE INTO build_tag (tag, build) VALUES (?, ?)"
            )
            try statement.bind(1, tag)
            try statement.bind(2, id.description)
            try statement.run()
        }
    }

    /// The build's row; `nil` when there is none.
    static func load(_ database: Database, id: BuildID) throws -> BuildSummary? {
        let row = try PreparedStatement(database, "SELECT \(columns) FROM build WHERE id = ?")
        defer { row.reset() }
        try row.bind(1, id.description)
        return try row.step() ? BuildSummary(row) : nil
    }
}
