// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about builds of the past.
struct HistoryGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List builds, look into one, compare two, read what their steps printed.",
        subcommands: [HistoryList.self, HistoryInspect.self, HistoryDiff.self, HistoryLogs.self]
    )
}
