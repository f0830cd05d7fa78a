// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about keys that sign checkpoints.
struct LogKeyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make and show keys that sign checkpoints.",
        subcommands: [LogKeyNew.self, LogKeyShow.self]
    )
}
