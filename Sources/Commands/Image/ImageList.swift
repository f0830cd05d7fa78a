// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildEvents
import BuildModel
import EventStorage
import OCIModel

/// Lists the images in the store.
struct ImageList: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the images in the store, newest first.",
        aliases: ["list"]
    )

    @Argument(help: ArgumentHelp("Only images whose name has this in it.", valueName: "TEXT"))
    var name: String?

    @Flag(name: .shortAndLong, help: "Print the digests alone.")
    var quiet = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        guard let log = try store.logIfAny(for: console) else { return 0 }
        let records = try log.images().filter { record in name.map { record.name.contains($0) } ?? true }
            .sorted { ($1.seq, $0.name) < ($0.seq, $1.name) }
        if form.json {
            for record in records { console.print(record.json) }
        } else if quiet {
            for record in records { console.print(record.image.manifest.description) }
        } else if !records.isEmpty {
            console.print(Self.table(records, now: console.environment.clock.now()))
        }
        return 0
    }

    private static func table(_ records: [ImageRecord], now: Timestamp) -> TextTable {
        var table = TextTable(["NAME", "PLATFORM", "DIGEST", "LAYERS", "SINCE", "FROM"], rightAligned: [3])
        for record in records {
            table.add([
                Self.familiar(record.name), record.image.platform, String(record.image.manifest.description.prefix(19)),
                "\(record.image.layers.count)", Age.text(of: record.time, at: now), record.image.origin,
            ])
        }
        return table
    }

    private static func familiar(_ name: String) -> String {
        (try? ImageReference(parsing: name))?.familiar ?? name
    }
}

extension ImageStored {
    /// The object that `reel image import --json` prints.
    var json: JSONValue {
        [
            "id": JSONValue(manifest), "names": JSONValue(names), "config": JSONValue(config),
            "platform": .string(platform), "layers": JSONValue(layers), "origin": .string(origin),
            "size": .integer(size),
        ]
    }
}

extension ImageRecord {
    /// The object that `reel image ls --json` prints.
    var json: JSONValue {
        var members = image.json.members ?? [:]
        members["name"] = .string(name)
        members["time"] = JSONValue(time)
        members["seq"] = .integer(seq)
        members["build"] = JSONValue(build?.description)
        return .object(members)
    }
}
