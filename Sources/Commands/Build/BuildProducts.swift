// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildExporters
import BuildModel
import BuildProgress
import OCIModel

/// What a build made, in the words of the command line.
struct BuildProducts {
    private let outcome: BuildOutcome

    init(_ outcome: BuildOutcome) { self.outcome = outcome }

    private var image: ExportResult? { outcome.exports.first { $0.descriptor != nil } }

    /// What docker calls the image's id: the digest of the configuration, or of the index of several platforms.
    ///
    /// Source: docker buildx, `build/build.go`, which prefers `containerimage.config.digest` for `--iidfile` and `-q`.
    var imageID: ContentDigest? {
        guard let image else { return nil }
        return image.images.count == 1 ? image.images.first?.config : image.descriptor?.digest
    }

    /// The identity of the root file system, for builds without an image; `nil` for several platforms and for scratch.
    var root: ContentDigest? { outcome.images.count == 1 ? outcome.images.first?.snapshot.chainID : nil }

    /// The names given, sorted and once each.
    private var names: [String] { Set(outcome.exports.flatMap(\.names)).sorted() }

    /// What buildx writes to a metadata file, and reel's own id of the build.
    var metadata: JSONValue {
        var members: [String: JSONValue] = ["reel.build": .string(outcome.id.description)]
        if let image, let descriptor = image.descriptor {
            members["containerimage.digest"] = .string(descriptor.digest.description)
            members["containerimage.descriptor"] = descriptor.json
            if image.images.count == 1, let config = image.images.first?.config {
                members["containerimage.config.digest"] = .string(config.description)
            }
        }
        if !names.isEmpty { members["image.name"] = .string(names.joined(separator: ",")) }
        return .object(members)
    }

    /// The object that `--json` prints.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(outcome.id.description), "status": "finished", "names": JSONValue(names),
            "exports": .array(outcome.exports.map(Self.json)),
        ]
        if let image { members["digest"] = (image.descriptor?.digest.description).map(JSONValue.string) }
        if let imageID { members["config"] = .string(imageID.description) }
        var results: [String: JSONValue] = [:]
        for image in outcome.images {
            results[image.platform.description] = image.snapshot.chainID.map { .string($0.description) } ?? .null
        }
        members["results"] = .object(results)
        return .object(members)
    }

    private static func json(_ export: ExportResult) -> JSONValue {
        var members: [String: JSONValue] = ["type": .string(export.exporter.rawValue)]
        if let digest = export.descriptor?.digest { members["digest"] = .string(digest.description) }
        if let destination = export.destination { members["destination"] = .string(destination) }
        if export.bytes > 0 { members["bytes"] = .integer(export.bytes) }
        if !export.names.isEmpty { members["names"] = JSONValue(export.names) }
        return .object(members)
    }

    /// Lines for a person: the images and files.
    var lines: [(label: String, text: String, bytes: Int64)] {
        var lines: [(label: String, text: String, bytes: Int64)] = []
        for export in outcome.exports {
            let digest = (export.descriptor?.digest).map { " \($0)" } ?? ""
            if let destination = export.destination {
                lines.append((export.exporter.rawValue, destination + digest, export.bytes))
            } else if !export.names.isEmpty {
                lines.append((export.exporter.rawValue, export.names.joined(separator: ", ") + digest, 0))
            } else if !digest.isEmpty {
                lines.append((export.exporter.rawValue, String(digest.dropFirst()), export.bytes))
            }
        }
        return lines
    }

    /// Commands that tell more.
    func commands(_ state: ProgressState) -> [(purpose: String, command: String)] {
        var commands = [(purpose: "build", command: "reel history inspect \(outcome.id)")]
        if let slowest = SlowestStep.find(in: state) {
            let time = Quantity.duration(slowest.nanoseconds)
            commands.append(("slowest", "\(time) \(slowest.name): reel history logs \(outcome.id) \(slowest.handle)"))
        }
        return commands
    }
}
