// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildSources
import SystemPackage

/// Prints the digest of a directory as a build sees it, without building.
struct ContextHashCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the digest of a directory or git repository as a build sees it.",
        discussion: """
            Without --format it is reel's own, which the event context.digested has too. The other formats are what \
            ordinary tools compute of the same files; see Docs/context-hash.md.
            """
    )

    @Argument(
        help: ArgumentHelp("The directory, or a git repository as URL#REF:SUBDIR.", valueName: "PATH"),
        completion: .directory
    )
    var path = "."

    @Option(
        name: [.short, .customLong("file")],
        help: ArgumentHelp("The Dockerfile, for its ignore rules.", valueName: "FILE")
    )
    var file: String?

    @Option(
        name: .customLong("format"),
        help: ArgumentHelp(
            "reel, git-tree, git-tree-sha256, h1, sha256sums, nar, tar, buildkit, or all; repeatable.",
            valueName: "FORMAT"
        )
    )
    var formats: [String] = []

    @Option(
        name: .customLong("context-modes"),
        help: ArgumentHelp("Permission bits that count: all ('keep'), or git's two ('git').", valueName: "keep|git")
    )
    var modes: ContextModeChoice?

    @Flag(help: "Print the list that the formats sha256sums and h1 hash, for 'sha256sum -c'.")
    var list = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let input = try BuildInput(path: path, file: file, llb: nil, console: console)
        guard case .dockerfile(name: let dockerfile, bytes: _) = input.frontend else {
            throw UsageError("\(path): name a directory or a git repository")
        }
        let chosen = try chosenFormats()
        let hashes: [ContextReading.Hash]
        if let repository = input.repository {
            let read = try await store.engine(for: console)
                .context(ofRepository: repository, dockerfile: dockerfile) { console.tell("reel: \($0)") }
            let modes = modes
            hashes = try await Offload.run {
                try ContextReading.hashes(chosen, of: read.context.manifest, contents: read.contents, modes: modes)
            }
        } else {
            guard let directory = input.directory else { throw UsageError("\(path): name a directory") }
            let reading = ContextReading(directory: FilePath(directory), dockerfile: dockerfile, modes: modes)
            hashes = try await Offload.run { try reading.hashes(chosen) }
        }
        for hash in hashes { print(hash, alone: hashes.count == 1, on: console) }
        if let refusal = hashes.compactMap({ $0.refusal }).first, hashes.count == 1 { throw refusal }
        return 0
    }

    private func chosenFormats() throws -> [ContextReading.Format] {
        let names = list && formats.isEmpty ? ["sha256sums"] : formats.isEmpty ? ["reel"] : KeyValue.list(formats)
        if names == ["all"] { return [.reel] + ContextHashFormat.allCases.map(ContextReading.Format.other) }
        return try names.map { name in
            if name == "reel" { return .reel }
            guard let format = ContextHashFormat(rawValue: name) else {
                let known = ["reel"] + ContextHashFormat.allCases.map(\.rawValue) + ["all"]
                throw UsageError("--format \(name): there are \(known.joined(separator: ", "))")
            }
            return .other(format)
        }
    }

    private func print(_ hash: ContextReading.Hash, alone: Bool, on console: Console) {
        if form.json {
            var members: [String: JSONValue] = ["id": .string(hash.format), "format": .string(hash.format)]
            members["hash"] = JSONValue(hash.text)
            if let refusal = hash.refusal { members["error"] = .string(refusal.description) }
            console.print(.object(members))
        } else if list, let document = hash.document {
            console.output.write(bytes: document)
        } else if let text = hash.text {
            console.print(alone ? text : "\(hash.format)  \(text)")
        } else if let refusal = hash.refusal, !alone {
            console.print("\(hash.format)  - (\(refusal.description))")
        }
    }
}
