// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The root of all commands.
struct Reel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reel",
        abstract: "Build container images, record every build, and replay, audit and verify it later.",
        groupedSubcommands: [
            CommandGroup(name: "Build", subcommands: [BuildCommand.self, DockerfileGroup.self, ContextGroup.self]),
            CommandGroup(
                name: "Look back",
                subcommands: [HistoryGroup.self, WhyCommand.self, LogGroup.self]
            ),
            CommandGroup(
                name: "Prove",
                subcommands: [
                    ReplayCommand.self, RerunCommand.self, ResumeCommand.self, AuditCommand.self, ExportGroup.self,
                    ImportCommand.self,
                ]
            ),
            CommandGroup(
                name: "Keep house",
                subcommands: [
                    ImageGroup.self, UsageCommand.self, PruneCommand.self, DoctorCommand.self, CompletionsGroup.self,
                    ManualCommand.self, DebugGroup.self,
                ]
            ),
        ]
    )
}
