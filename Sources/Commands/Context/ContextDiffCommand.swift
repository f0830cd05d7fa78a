// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildSources
import EventStorage
import Layers

/// Lists the files that make two hashes of contexts differ.
struct ContextDiffCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "List the files that make the hashes of two contexts differ.",
        discussion: """
            Each of the two is a directory, a git repository, a recorded build (its id, the start of it, or 'latest'), or the digest of a \
            manifest that is stored.
            """
    )

    @Argument(
        help: ArgumentHelp("The first: a directory, a build, or a manifest's digest.", valueName: "PATH|ID|DIGEST")
    )
    var first: String

    @Argument(help: ArgumentHelp("The second.", valueName: "PATH|ID|DIGEST"))
    var second: String

    @Option(
        name: [.short, .customLong("file")],
        help: ArgumentHelp("The Dockerfile of directories.", valueName: "FILE")
    )
    var file: String?

    @Option(help: ArgumentHelp("Only what this stage can reach, of directories.", valueName: "STAGE"))
    var target: String?

    @Option(
        name: .customLong("context-modes"),
        help: ArgumentHelp("Permission bits that count: git's two ('git'), or all ('keep').", valueName: "git|keep")
    )
    var modes: ContextModeChoice = .git

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let kept = modes == .keep ? ContextModes.keep : .git
        let before = try await manifest(first, on: console).with(modes: kept)
        let after = try await manifest(second, on: console).with(modes: kept)
        let differences = contextDiff(before, after)
        if form.json {
            for difference in differences { console.print(Self.json(difference)) }
        } else {
            for difference in differences {
                let changes = difference.changes.map(\.rawValue).joined(separator: ", ")
                console.print("\(changes)  \(ContextPath.text(difference.path))")
            }
            if differences.isEmpty { console.print("the contexts are the same") }
        }
        return 0
    }

    private func manifest(_ operand: String, on console: Console) async throws -> ContextManifest {
        if FileKind.isDirectory(console.environment.absolute(operand)) || operand.contains("://") {
            return try await ContextPlace(path: operand, file: file, target: target).read(store, on: console).manifest
        }
        let log = try store.log(for: console)
        if operand.hasPrefix("sha256:") {
            let digest = try ContentDigest(parsing: operand)
            return try ContextManifest(parsing: BlobStore(root: log.root).read(digest))
        }
        let id = try log.build(matching: operand).id
        let layers = try LayerStore(root: log.root)
        return try HashedContext(of: BuildRecord(id, log: log, blobs: layers.blobs), layers: layers).manifest
    }

    private static func json(_ difference: ContextDifference) -> JSONValue {
        [
            "id": .string(ContextPath.text(difference.path)), "changes": JSONValue(difference.changes.map(\.rawValue)),
            "before": json(difference.before), "after": json(difference.after),
        ]
    }

    private static func json(_ entry: ContextEntry?) -> JSONValue {
        guard let entry else { return .null }
        let mode = String(entry.mode, radix: 8)
        var members: [String: JSONValue] = [
            "mode": .string(String(repeating: "0", count: max(0, 4 - mode.count)) + mode)
        ]
        switch entry.content {
        case .directory: members["type"] = "directory"
        case .file(let size, let digest):
            members["type"] = "file"
            members["size"] = .integer(size)
            members["digest"] = .string(digest.description)
        case .symbolicLink(let target):
            members["type"] = "symlink"
            members["target"] = .string(ContextPath.text(target))
        case .hardLink(let target):
            members["type"] = "hardlink"
            members["target"] = .string(ContextPath.text(target))
        }
        return .object(members)
    }
}
