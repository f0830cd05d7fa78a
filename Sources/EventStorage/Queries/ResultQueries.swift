// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

/// The answers of `ResultLookup`.
enum ResultQueries {
    /// Deeper stacks are a loop in damaged tables.
    private static let deepest = 10_000

    /// What is known for a key.
    struct Answer: Sendable {
        /// The newest result; `nil` when no event gave one.
        var known: KnownResult?
        /// Whether a blob that it rests on is gone.
        var isBlocked = false
    }

    static func result(_ database: Database, key: ContentDigest) throws -> Answer {
        let statement = try PreparedStatement(database, "SELECT producer, results FROM result WHERE key = ?")
        defer { statement.reset() }
        try statement.bind(1, key)
        guard try statement.step() else { return Answer() }
        let known = KnownResult(
            producer: statement.integer(0),
            results: try StepResult.results(from: statement.bytes(1))
        )
        return Answer(known: known, isBlocked: try !isPresent(database, known.results))
    }

    /// Whether no layer of the results is known to be gone.
    private static func isPresent(_ database: Database, _ results: [StepResult]) throws -> Bool {
        guard try Bool.fetchOne(database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM absent)")) == true else {
            return true
        }
        for result in results {
            var needed = result.diffID.map { [$0] } ?? []
            if let parent = result.parent { needed += try layers(database, chainID: parent) ?? [] }
            for digest in needed where try isAbsent(database, digest) { return false }
        }
        return true
    }

    private static func isAbsent(_ database: Database, _ digest: ContentDigest) throws -> Bool {
        let statement = try PreparedStatement(database, "SELECT 1 FROM absent WHERE digest = ?")
        defer { statement.reset() }
        try statement.bind(1, digest)
        return try statement.step()
    }

    static func layers(_ database: Database, chainID: ContentDigest) throws -> [ContentDigest]? {
        let statement = try PreparedStatement(database, "SELECT parent, diff_id FROM chain WHERE id = ?")
        defer { statement.reset() }
        var layers: [ContentDigest] = []
        var next: ContentDigest? = chainID
        while let id = next, layers.count < deepest {
            statement.reset()
            try statement.bind(1, id)
            guard try statement.step(), let diffID = statement.digest(1) else { return nil }
            layers.append(diffID)
            next = statement.digest(0)
        }
        return layers.reversed()
    }
}
