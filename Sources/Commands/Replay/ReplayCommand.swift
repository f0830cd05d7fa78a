// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BuildEngine
import BuildModel
import BuildProgress
import EventStorage

/// Executes a recorded build again and compares the results.
struct ReplayCommand: ReelCommand {
    static let entersNamespaces = true
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a recorded build again from its pinned sources, and compare every step.",
        discussion: """
            Every source comes from its pin and no result is reused. Ends with 0 when everything is identical, with 8 when \
            something differs, with 9 when the record lacks what is needed.
            """
    )

    @Argument(
        help: ArgumentHelp("The build: its id, the start of it, 'latest', or a recording.", valueName: "ID|FILE"),
        completion: .file()
    )
    var build: String

    @Option(help: ArgumentHelp("How progress is shown.", valueName: "auto|plain|tty|rawjson|quiet"))
    var progress: ProgressMode?

    @Flag(name: .shortAndLong, help: "Show no progress, and name only what differs.")
    var quiet = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let engine = try store.engine(for: console)
        let id = try await engine.namedBuild(build, for: console)
        let progress = ConsoleProgress(
            mode: ProgressMode.resolve(progress, quiet: quiet, console: console),
            console: console
        )
        let report: ReplayReport
        do {
            report = try await progress.showing { try await engine.replay(id, observer: progress) }
        } catch let failure as BuildFailure {
            if let step = FailedStep.report(progress.state, build: failure.id, engine: engine, console: console) {
                progress.tell(step.styled)
            }
            throw failure
        }
        ReplayText(report: report, isQuiet: quiet, isJSON: form.json).print(on: console)
        return report.isIdentical ? 0 : FaultKind.diverged.exitCode
    }
}
