// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands that take a recorded build, or a proof of one, out of the store.
struct ExportGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a recorded build to a file, or print the hash of what it read.",
        subcommands: [ExportRecordingCommand.self, ExportContextHash.self]
    )
}
