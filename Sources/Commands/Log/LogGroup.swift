// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about the event log itself.
struct LogGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the events as they are, prove them to others, and save a damaged log.",
        subcommands: [
            LogList.self, LogCheckpointCommand.self, LogProveCommand.self, LogKeyGroup.self, LogRebuild.self,
            LogSalvageCommand.self,
        ]
    )
}
