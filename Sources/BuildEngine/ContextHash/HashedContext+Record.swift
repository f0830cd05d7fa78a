// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildSources
public import Layers
import OCIModel

extension HashedContext {
    /// The context of a recorded build: what the build could reach of it, and its Dockerfile.
    ///
    /// - Parameter name: The context's name; for a Dockerfile it is `context`.
    /// - Throws: `ContextHashError.noContext`, `BlobError`.
    public init(of record: BuildRecord, named name: String = "context", layers: LayerStore) throws {
        let pins = record.pins.values.filter { $0.type == "local" }.sorted { $0.pin < $1.pin }
        let wanted = pins.filter { $0.identifier == "local://\(name)" }
        let dockerfile = try record.definitions.lazy.compactMap(\.dockerfile).first.map { try layers.blobs.read($0) }
        let isInline = record.start.options["dockerfile-inline"] == "true"
        let file = isInline ? "" : record.start.options["filename"] ?? ""
        if name == "context", let url = record.start.options["context"] {
            throw ContextHashError.repository(record.id, url: url)
        }
        guard !wanted.isEmpty || (name == "context" && dockerfile != nil && DockerfilePath.inContext(file) != nil)
        else {
            let known = Set(pins.map { String($0.identifier.dropFirst("local://".count)) }).sorted()
            throw ContextHashError.noContext(record.id, name: name, known: known)
        }
        // Graphs of several platforms may read different parts.
        var entries: [[UInt8]: ContextEntry] = [:]
        for pin in wanted {
            guard let blob = pin.blobs.first else { continue }
            for entry in try ContextManifest(parsing: layers.blobs.read(blob)).entries { entries[entry.path] = entry }
        }
        let all = ContextManifest(entries: entries.values.sorted { $0.path.lexicographicallyPrecedes($1.path) })
        let reach = ContextReach(definitions: record.graphs.compactMap(\.definition), name: name)
        var contents: any ContextContents = ContentsNotStored()
        let snapshots = wanted.map(\.layers)
        if snapshots.allSatisfy({ layer in !layer.isEmpty && layer.allSatisfy { layers.contains($0) } }) {
            let views = try snapshots.map { LayerContents(view: try layers.view(Snapshot(layers: $0))) }
            if let only = views.first { contents = views.count == 1 ? only : FirstContents(contents: views) }
        }
        self.init(
            counting: reach.apply(to: all),
            contents: contents,
            ignoreFile: wanted.lazy.compactMap(IgnoreFileRecord.init(of:)).first?.name,
            dockerfile: (file, name == "context" ? dockerfile : nil)
        )
    }
}

/// Contents of which each file is in one of several trees.
private struct FirstContents: ContextContents {
    let contents: [LayerContents]

    func read(_ path: [UInt8], _ body: (Span<UInt8>) throws -> Void) throws {
        for (index, tree) in contents.enumerated() {
            do {
                return try tree.read(path, body)
            } catch ContextError.vanished where index < contents.count - 1 {
                continue
            }
        }
    }
}

/// Where a Dockerfile lies.
enum DockerfilePath {
    /// The path below the context; `nil` for one that lies elsewhere.
    static func inContext(_ name: String) -> [UInt8]? {
        guard !name.hasPrefix("/") else { return nil }
        var names: [Substring] = []
        for part in name.split(separator: "/") where part != "." {
            guard part != ".." else { return nil }
            names.append(part)
        }
        return names.isEmpty ? nil : Array(names.joined(separator: "/").utf8)
    }
}
