// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import EventStorage

/// What `rerun` and `resume` have in common.
struct RepeatOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The build: its id, the start of it, 'latest', or a recording.", valueName: "ID|FILE"),
        completion: .file()
    )
    var build: String

    @OptionGroup(title: "What is made of it") var output: OutputOptions

    @OptionGroup(title: "What records hold none of") var grants: GrantOptions

    @OptionGroup(title: "How it goes on") var run: EndOptions
    @OptionGroup var store: StoreOptions

    /// Repeats the build, shows it, and tells its end.
    func perform(
        _ repetition: Repetition,
        target: String? = nil,
        updatingSources updates: Bool = false,
        on console: Console
    ) async throws -> Int32 {
        let outputs = try output.specifications()
        var choices = RepetitionChoices()
        choices.outputs = outputs
        choices.secrets = try grants.secretSources(in: console)
        choices.agents = try grants.agentSockets(in: console)
        choices.allowed = try grants.entitlements()
        choices.target = target
        choices.updatesSources = updates
        let given = choices
        let engine = try store.engine(for: console)
        let id = try await engine.namedBuild(build, for: console)
        let progress = run.progress(for: console)
        let end = BuildEnd(engine: engine, console: console, progress: progress, run: run)
        func repeated() async throws -> Int32 {
            try await end.tell(of: outputs) {
                try await engine.repeatBuild(id, as: repetition, choices: given, observer: progress)
            }
        }
        guard updates else { return try await repeated() }
        do {
            let code = try await repeated()
            try tellMoves(since: id, of: engine, on: console)
            return code
        } catch let told as AlreadyTold {
            try tellMoves(since: id, of: engine, on: console)
            throw told
        }
    }

    /// Lists what the sources were and what they are now.
    private func tellMoves(since id: BuildID, of engine: Engine, on console: Console) throws {
        for move in try engine.movedPins(since: id) {
            if run.json {
                console.print([
                    "id": .string(move.identifier), "subject": "pin", "before": .string(move.before),
                    "after": .string(move.after),
                ])
            } else {
                console.tell("moved: \(move.identifier) from \(move.before) to \(move.after)")
            }
        }
    }
}

/// Builds a recorded build again as a new one.
struct RerunCommand: ReelCommand {
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "rerun",
        abstract: "Build a recorded build again, from its record alone, with the cache."
    )

    @Option(help: ArgumentHelp("Another stage of the recorded Dockerfile.", valueName: "STAGE"))
    var target: String?

    @Flag(
        name: .customLong("update-sources"),
        help: "Resolve names and read contexts anew, and list each that is another one now."
    )
    var updatesSources = false

    @OptionGroup var options: RepeatOptions

    func perform(on console: Console) async throws -> Int32 {
        try await options.perform(.rerun, target: target, updatingSources: updatesSources, on: console)
    }
}

/// Goes on with a build that did not end well.
struct ResumeCommand: ReelCommand {
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a build that was stopped, failed or killed; what finished is not done again."
    )

    @OptionGroup var options: RepeatOptions

    func perform(on console: Console) async throws -> Int32 { try await options.perform(.resume, on: console) }
}
