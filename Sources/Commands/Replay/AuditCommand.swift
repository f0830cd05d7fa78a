// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEngine
import BuildEvents
import BuildModel
import BuildProgress
import EventStorage

/// Verifies the log and every blob that it names.
struct AuditCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verify the log and every blob that it names.",
        discussion: """
            Ends with 0 when all is sound, with 12 when events or blobs are not what they should be, with 9 when blobs are \
            only missing. Somebody who holds the files can recompute every hash in them: only a checkpoint that was kept \
            elsewhere, given with --checkpoint, shows that.
            """
    )

    @Argument(help: ArgumentHelp("One build: its id, the start of it, or 'latest'; else everything.", valueName: "ID"))
    var build: String?

    @Option(
        help: ArgumentHelp("A checkpoint of this log that was kept elsewhere.", valueName: "FILE"),
        completion: .file()
    )
    var checkpoint: String?

    @Option(
        name: .customLong("verifier-key"),
        help: ArgumentHelp("Who must have signed the checkpoint: a verifier key, or a file with one.", valueName: "KEY")
    )
    var verifierKey: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let given = try checkpoint.map {
            try KeyFiles.checkpoint(in: $0, verifier: verifierKey, for: console)
        }
        if given == nil, verifierKey != nil {
            throw UsageError("--verifier-key: there is no --checkpoint that it could be of")
        }
        // A root without a log is told, not made.
        _ = try store.log(for: console)
        let engine = try store.engine(for: console)
        let id = try build.map { try engine.log.build(matching: $0).id }
        let audit = try await engine.audit(id, against: given?.checkpoint.head)
        AuditText(audit: audit).print(on: console, isJSON: form.json)
        return audit.kind?.exitCode ?? 0
    }
}
