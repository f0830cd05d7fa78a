// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import LLB

/// Commands for a look inside.
struct DebugGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug",
        abstract: "Look into graphs, and measure the log.",
        subcommands: [DumpLLB.self, DebugGraph.self, FillLog.self, OpenLog.self, ReplayLog.self]
    )
}

/// Prints a graph.
struct DumpLLB: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump-llb",
        abstract: "Print a serialized LLB definition, as 'buildctl debug dump-llb' does.",
        discussion: "One JSON object a line, with Digest, Op and OpMetadata; the last one names the result."
    )

    @Argument(help: ArgumentHelp("The definition; standard input without it.", valueName: "FILE"), completion: .file())
    var file: String?

    @Flag(help: "Print the graph for Graphviz.")
    var dot = false

    @Flag(help: "Print the graph for Mermaid.")
    var mermaid = false

    func validate() throws {
        if dot, mermaid { throw ValidationError("--dot and --mermaid exclude each other") }
    }

    func perform(on console: Console) async throws -> Int32 {
        let limit = Definition.maximumEncodedSize
        let path = file ?? "-"
        let bytes =
            path == "-"
            ? try console.readInput(limit) : try InputFile.read(console.environment.absolute(path), limit: limit)
        let definition = try Definition(decoding: bytes, allowingEmpty: true)
        console.output.write(dot ? definition.dot() : mermaid ? definition.mermaid() : definition.dumpJSONLines())
        return 0
    }
}
