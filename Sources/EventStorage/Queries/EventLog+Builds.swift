// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
import GRDB

extension EventLog {
    /// The builds that `filter` lets pass, those of imported recordings among them, newest first.
    public func builds(_ filter: BuildFilter = BuildFilter()) throws -> [BuildSummary] {
        let own = try rows(of: BuildSummary.columns, filter) { try BuildSummary($0) }
        let imported = try importedBuilds().filter(filter.passes)
        guard !imported.isEmpty else { return own }
        return Array((own + imported).sorted { $0.id > $1.id }.prefix(filter.limit ?? .max))
    }

    /// The ids of the builds that `filter` lets pass, those of imported recordings among them, newest first.
    public func buildIDs(_ filter: BuildFilter = BuildFilter()) throws -> [BuildID] {
        if try !importedBuilds().isEmpty { return try builds(filter).map(\.id) }
        return try rows(of: "id", filter) { try BuildID(parsing: $0.text(0)) }
    }

    private func rows<Row>(
        of columns: String,
        _ filter: BuildFilter,
        _ read: (PreparedStatement) throws -> Row
    ) throws -> [Row] {
        try index.read { database in
            let (condition, values) = filter.condition
            let statement = try PreparedStatement(
                database,
                "SELECT \(columns) FROM build \(condition) ORDER BY id DESC LIMIT ?"
            )
            defer { statement.reset() }
            for (place, value) in values.enumerated() {
                switch value {
                case .text(let text): try statement.bind(Int32(place + 1), text)
                case .integer(let integer): try statement.bind(Int32(place + 1), integer)
                }
            }
            try statement.bind(Int32(values.count + 1), Int64(filter.limit ?? -1))
            var rows: [Row] = []
            while try statement.step() { rows.append(try read(statement)) }
            return rows
        }
    }

    /// The one build whose id starts with `prefix`, or the newest for `latest`.
    ///
    /// - Throws: `EventLogError.unknownBuild` or `.ambiguousBuild`, both of kind `.usage`.
    public func build(matching prefix: String) throws -> BuildSummary {
        if prefix == "latest" {
            var newest = BuildFilter()
            newest.limit = 1
            guard let build = try builds(newest).first else { throw EventLogError.unknownBuild(prefix) }
            return build
        }
        let ids = try index.read { database in
            try Set(["build", "recorded_build"].flatMap { try Self.ids(database, in: $0, startingWith: prefix) })
                .sorted()
        }
        guard let id = ids.first else { throw EventLogError.unknownBuild(prefix) }
        guard ids.count == 1, let summary = try build(id) else {
            throw EventLogError.ambiguousBuild(prefix, candidates: ids.map(\.description))
        }
        return summary
    }

    /// The build with this id, of this log or imported; `nil` when there is none.
    public func build(_ id: BuildID) throws -> BuildSummary? {
        if let own = try index.read({ try BuildSummary.load($0, id: id) }) { return own }
        return try importedEvents(of: id)?.summary
    }

    /// The builds of recordings that were taken in whose ids start with `prefix`, newest first.
    public func recordedBuilds(matching prefix: String = "") throws -> [RecordedBuild] {
        try index.read { database in
            let statement = try PreparedStatement(
                database,
                "SELECT id, recording, events, seq FROM recorded_build WHERE id >= ? AND id < ? ORDER BY id DESC, seq"
            )
            defer { statement.reset() }
            try statement.bind(1, prefix.lowercased())
            try statement.bind(2, prefix.lowercased() + "~")
            var builds: [RecordedBuild] = []
            while try statement.step() {
                guard let recording = statement.digest(1), let events = statement.digest(2) else { continue }
                builds.append(
                    RecordedBuild(
                        id: try BuildID(parsing: statement.text(0)),
                        recording: recording,
                        events: events,
                        seq: statement.integer(3)
                    )
                )
            }
            return builds
        }
    }

    /// At most six ids, in order.
    private static func ids(_ database: Database, in table: String, startingWith prefix: String) throws -> [BuildID] {
        let statement = try PreparedStatement(
            database,
            "SELECT DISTINCT id FROM \(table) WHERE id >= ? AND id < ? ORDER BY id LIMIT 6"
        )
        defer { statement.reset() }
        try statement.bind(1, prefix.lowercased())
        try statement.bind(2, prefix.lowercased() + "~")
        var ids: [BuildID] = []
        while try statement.step() { ids.append(try BuildID(parsing: statement.text(0))) }
        return ids
    }

    /// The contexts that a build read, in order.
    public func contexts(of build: BuildID) throws -> [ContextDigested] {
        if let imported = try importedEvents(of: build) {
            return try imported.own.compactMap { stored in
                if case .contextDigested(let payload) = try stored.recorded().event { payload } else { nil }
            }
        }
        let seqs = try index.read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT seq FROM context WHERE build = ? ORDER BY seq",
                arguments: [build.description]
            )
        }
        return try seqs.compactMap { seq in
            if case .contextDigested(let payload)? = try event(seq)?.event { payload } else { nil }
        }
    }
}

extension BuildFilter {
    /// Whether a build passes; its limit is not looked at.
    func passes(_ build: BuildSummary) -> Bool {
        func agrees<Value: Equatable>(_ wanted: Value?, _ actual: Value?) -> Bool { wanted == nil || wanted == actual }
        guard agrees(frontend, build.frontend), agrees(target, build.target), agrees(of, build.of) else { return false }
        if let status, !status.contains(build.status) { return false }
        if let tag, !build.tags.contains(tag) { return false }
        if let since, build.started < since { return false }
        if let until, build.started >= until { return false }
        return true
    }

    enum Value {
        case text(String)
        case integer(Int64)
    }

    /// The WHERE clause and what its question marks stand for.
    var condition: (String, [Value]) {
        var terms: [String] = []
        var values: [Value] = []
        func add(_ term: String, _ value: Value?) {
            guard let value else { return }
            terms.append(term)
            values.append(value)
        }
        if let status {
            let marks = Array(repeating: "?", count: status.count).joined(separator: ", ")
            terms.append("status IN (\(marks))")
            values += status.map(\.rawValue).sorted().map(Value.text)
        }
        add("frontend = ?", frontend.map(Value.text))
        add("target = ?", target.map(Value.text))
        add("id IN (SELECT build FROM build_tag WHERE tag = ?)", tag.map(Value.text))
        add("started >= ?", since.map { .integer($0.nanoseconds) })
        add("started < ?", until.map { .integer($0.nanoseconds) })
        add("original = ?", of.map { .text($0.description) })
        return (terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND "), values)
    }
}
