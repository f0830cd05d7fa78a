// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEngine
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
            only missing.
            """
    )

    @Argument(help: ArgumentHelp("One build: its id, the start of it, or 'latest'; else everything.", valueName: "ID"))
    var build: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        // A root without a log is told, not made.
        _ = try store.log(for: console)
        let engine = try store.engine(for: console)
        let id = try build.map { try engine.log.build(matching: $0).id }
        let audit = try await engine.audit(id)
        AuditText(audit: audit).print(on: console, isJSON: form.json)
        return audit.kind?.exitCode ?? 0
    }
}
