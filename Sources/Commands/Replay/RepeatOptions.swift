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

    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp("A secret, since records hold none.", valueName: "id=ID[,src=FILE|,env=NAME]")
    )
    var secrets: [String] = []

    @OptionGroup(title: "How it goes on") var run: EndOptions
    @OptionGroup var store: StoreOptions

    /// Repeats the build, shows it, and tells its end.
    func perform(_ repetition: Repetition, on console: Console) async throws -> Int32 {
        let outputs = try output.specifications()
        var given: [String: SecretSource] = [:]
        for text in secrets {
            let (id, source) = try SecretOptions.secret(text, in: console)
            given[id] = source
        }
        let engine = try store.engine(for: console)
        let id = try await engine.namedBuild(build, for: console)
        let progress = run.progress(for: console)
        let end = BuildEnd(engine: engine, console: console, progress: progress, run: run)
        let secrets = given
        return try await end.tell(of: outputs) {
            try await engine.repeatBuild(id, as: repetition, outputs: outputs, secrets: secrets, observer: progress)
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

    @OptionGroup var options: RepeatOptions

    func perform(on console: Console) async throws -> Int32 { try await options.perform(.rerun, on: console) }
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
