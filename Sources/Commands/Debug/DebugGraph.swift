// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import EventStorage
import LLB
import Layers

/// Prints the graph of a recorded build.
struct DebugGraph: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Print the graph of a recorded build for Graphviz or Mermaid."
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build = "latest"

    @Flag(help: "Print the graph for Graphviz, which is the default.")
    var dot = false

    @Flag(help: "Print the graph for Mermaid.")
    var mermaid = false

    @Option(help: ArgumentHelp("The graph of this platform, where there are several.", valueName: "OS/ARCH"))
    var platform: String?

    @OptionGroup var store: StoreOptions

    func validate() throws {
        if dot, mermaid { throw ValidationError("--dot and --mermaid exclude each other") }
    }

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let record = try BuildRecord(try log.build(matching: build).id, log: log, blobs: try BlobStore(root: log.root))
        let known = record.graphs.map(\.platform.description)
        let chosen = try platform.map { try Platform(parsing: $0, host: .compiled).description }
        guard let graph = record.graphs.first(where: { chosen == nil || $0.platform.description == chosen }) else {
            throw UsageError("--platform \(platform ?? ""): the build has \(known.joined(separator: ", "))")
        }
        guard known.count == 1 || chosen != nil else {
            throw UsageError(
                "build \(record.id) has several graphs; choose one with --platform: \(known.joined(separator: ", "))"
            )
        }
        guard let definition = graph.definition else {
            throw UsageError("build \(record.id) has an empty graph: its result is scratch")
        }
        console.output.write(mermaid ? definition.mermaid() : definition.dot())
        return 0
    }
}
