// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Commands about contexts.
struct ContextGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "context",
        abstract: "Look at a directory as a build sees it.",
        subcommands: [ContextListCommand.self, ContextHashCommand.self, ContextDiffCommand.self]
    )
}
