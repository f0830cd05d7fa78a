// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB

extension EventLog {
    /// The images by name, ordered by name.
    public func images() throws -> [ImageRecord] { try images("ORDER BY name, platform") { _ in } }

    /// What `name` (in full) names on `platform` (`os/arch`), or the newest for any platform; `nil` for nothing.
    public func image(named name: String, platform: String? = nil) throws -> ImageRecord? {
        if let platform {
            return try images("WHERE name = ? AND platform = ?") {
                try $0.bind(1, name)
                try $0.bind(2, platform)
            }.first
        }
        return try images("WHERE name = ? ORDER BY seq DESC LIMIT 1") { try $0.bind(1, name) }.first
    }

    /// The images whose manifest's or configuration's hexadecimal digits start with `prefix` (`sha256:` may precede).
    public func images(matching prefix: String) throws -> [ImageRecord] {
        let digits = prefix.hasPrefix("sha256:") ? String(prefix.dropFirst(7)) : prefix
        return try images().filter {
            $0.image.manifest.hex.hasPrefix(digits) || $0.image.config.hex.hasPrefix(digits)
        }
    }

    private func images(_ condition: String, _ bind: (PreparedStatement) throws -> Void) throws -> [ImageRecord] {
        try index.read { database in
            let row = try PreparedStatement(
                database,
                """
                SELECT name, platform, seq, build, time, manifest, size, config, layers, origin, names FROM image
                \(condition)
                """
            )
            defer { row.reset() }
            try bind(row)
            var images: [ImageRecord] = []
            while try row.step() { images.append(try ImageRecord(row)) }
            return images
        }
    }

    /// What the source string `identifier` last resolved to; pins taken from a record don't count.
    public func lastPin(of identifier: String) throws -> SourcePin? {
        try index.read { database in
            let row = try PreparedStatement(
                database,
                "SELECT type, pin, seq, build, time FROM pin WHERE identifier = ?"
            )
            defer { row.reset() }
            try row.bind(1, identifier)
            guard try row.step() else { return nil }
            return SourcePin(
                identifier: identifier,
                type: row.text(0),
                pin: row.text(1),
                time: Timestamp(nanoseconds: row.integer(4)),
                seq: row.integer(2),
                build: try row.optionalText(3).map { try BuildID(parsing: $0) }
            )
        }
    }
}

extension ImageRecord {
    fileprivate init(_ row: PreparedStatement) throws {
        guard let manifest = row.digest(5), let config = row.digest(7) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "an image's digests are no digests")
        }
        self.init(
            name: row.text(0),
            image: ImageStored(
                names: try JSONValue(parsing: row.bytes(10)).elements?.compactMap(\.text) ?? [],
                manifest: manifest,
                size: row.integer(6),
                config: config,
                platform: row.text(1),
                layers: try JSONValue(parsing: row.bytes(8)).elements?.compactMap(\.text)
                    .map { try ContentDigest(parsing: $0) } ?? [],
                origin: row.text(9)
            ),
            time: Timestamp(nanoseconds: row.integer(4)),
            seq: row.integer(2),
            build: try row.optionalText(3).map { try BuildID(parsing: $0) }
        )
    }
}
