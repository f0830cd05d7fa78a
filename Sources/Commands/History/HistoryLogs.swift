// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress
import EventStorage
import Layers
import Sandbox

/// Prints what the steps of a build printed.
struct HistoryLogs: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what the steps of a build printed.",
        discussion: """
            Standard output of the steps goes to standard output and their standard error to standard error, byte for \
            byte. Output of a step that was cached is that of the build which ran it.
            """
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build: String

    @Argument(
        help: ArgumentHelp("A step: its number, the start of its digest, or a part of its name.", valueName: "STEP")
    )
    var step: String?

    @Flag(help: "Print nothing that a cached step printed when it ran.")
    var ownOnly = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let summary = try log.build(matching: build)
        let details = BuildDetails(try log.events(of: summary.id))
        let chosen = step.map { details.steps(matching: $0) } ?? details.steps
        if let step, chosen.isEmpty {
            throw UsageError(
                "build \(summary.id) has no step '\(step)'; 'reel history inspect \(summary.id)' lists them"
            )
        }
        let blobs = try BlobStore(root: log.root)
        for step in chosen {
            guard let output = try ownOnly || step.producer == nil ? step.output : step.output(in: log, of: summary.id)
            else {
                continue
            }
            for chunk in try StoredOutput.read(output, from: blobs) { print(chunk, of: step, on: console) }
        }
        console.errors.flush()
        return 0
    }

    private func print(_ chunk: OutputChunk, of step: BuildDetails.Step, on console: Console) {
        guard form.json else {
            (chunk.stream == .standardOutput ? console.output : console.errors).write(bytes: chunk.bytes)
            return
        }
        let line = EventLine.text(
            forOutput: chunk.bytes,
            stream: chunk.stream.rawValue,
            of: step.vertex,
            elapsed: chunk.offset
        )
        console.output.write(line)
    }
}
