// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands that give recorded builds away.
struct ExportGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a recorded build to a file that others can verify and replay.",
        subcommands: [ExportRecordingCommand.self]
    )
}
