// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about the event log itself.
struct LogGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the events as they are; make the index of them again.",
        subcommands: [LogList.self, LogRebuild.self]
    )
}
