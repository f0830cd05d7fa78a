// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEngine
import BuildEvents
import BuildExporters
import BuildModel
import BuildProgress
import EventStorage

/// Writes the recording of a build.
struct ExportRecordingCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "recording",
        abstract: "Write a build with all that a replay needs into one file.",
        discussion: """
            The file is an OCI layout in a tar, so 'skopeo copy oci-archive:FILE docker://…' puts it into a registry. The \
            same build gives the same bytes, whenever and wherever it is exported.
            """
    )

    @Argument(help: ArgumentHelp("The build: its id, the start of it, or 'latest'.", valueName: "ID"))
    var build: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("The file to write, or '-'.", valueName: "FILE"),
        completion: .file()
    )
    var output: String

    @Flag(help: "Leave out what can be fetched again by its pin: base images, git trees, HTTP bodies.")
    var thin = false

    @Option(
        help: ArgumentHelp(
            "Sign the checkpoint with this key; else with the data root's own, if any.",
            valueName: "FILE"
        ),
        completion: .file()
    )
    var key: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        _ = try store.log(for: console)
        let engine = try store.engine(for: console)
        let id = try engine.log.build(matching: build).id
        // An imported build keeps the checkpoint of its own log.
        let isImported = try engine.log.recording(of: id) != nil
        let signer =
            isImported
            ? try key.map { try KeyFiles.signer(in: $0, for: console) }
            : try KeyFiles.signer(given: key, store: store, for: console)
        let destination = output == "-" ? ExportDestination.standardOutput : .path(output)
        let result = try await engine.exportRecording(of: id, to: destination, isThin: thin, key: signer)
        let told = result.path ?? "standard output"
        if form.json, result.path != nil {
            console.print([
                "id": .string(id.description), "path": .string(told), "manifest": JSONValue(result.manifest),
                "events": JSONValue(result.events), "bytes": .integer(result.bytes), "thin": .boolean(result.isThin),
            ])
        } else {
            let line = "\(id): \(result.events) events, \(Quantity.bytes(result.bytes)), \(result.manifest) to \(told)"
            if result.path == nil { console.tell(line) } else { console.print(line) }
        }
        return 0
    }
}
