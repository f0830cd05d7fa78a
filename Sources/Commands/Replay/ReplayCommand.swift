// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
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
            Every source comes from its pin and no result is reused. Ends with 0 when everything is identical, 8 when \
            something differs, 9 when material is missing, 10 when a secret is, 11 when a step needs the network that was \
            ruled out, 12 when the log or a blob is damaged.
            """
    )

    @Argument(
        help: ArgumentHelp("The build: its id, the start of it, 'latest', or a recording.", valueName: "ID|FILE"),
        completion: .file()
    )
    var build: String

    @Option(help: ArgumentHelp("Run every step without a network.", valueName: "none"))
    var network: ReplayNetwork?

    @Option(
        help: ArgumentHelp(
            "Run and compare only the steps whose names match, on inputs from the record.",
            valueName: "GLOB"
        )
    )
    var steps: String?

    @Option(help: ArgumentHelp("Run and compare this step and those after it.", valueName: "STEP"))
    var from: String?

    @Flag(help: "Keep both trees of every layer that differs, in a folder here, for diffoscope.")
    var keep = false

    @Flag(help: "Also run the steps under variations, and say which variation breaks which step.")
    var vary = false

    @Option(
        help: ArgumentHelp(
            "The variations of --vary, parted by commas (default: all).",
            valueName: StepVariation.allCases.map(\.rawValue).joined(separator: ",")
        )
    )
    var variations: [String] = []

    @OptionGroup var grants: GrantOptions

    @Option(help: ArgumentHelp("How progress is shown.", valueName: "auto|plain|tty|rawjson|quiet"))
    var progress: ProgressMode?

    @Flag(name: .shortAndLong, help: "Show no progress, and name only what differs.")
    var quiet = false

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let options = try options(in: console)
        let variations = try chosenVariations()
        let engine = try store.engine(for: console)
        let id = try await engine.namedBuild(build, for: console)
        let progress = ConsoleProgress(
            mode: ProgressMode.resolve(progress, quiet: quiet, console: console),
            console: console
        )
        do {
            if vary {
                let report = try await progress.showing {
                    try await engine.vary(id, variations, options: options, observer: progress)
                }
                return try await tell(report.control, report, engine: engine, console: console)
            }
            let report = try await progress.showing {
                try await engine.replay(id, options: options, observer: progress)
            }
            return try await tell(report, nil, engine: engine, console: console)
        } catch let failure as BuildFailure {
            if let step = FailedStep.report(progress.state, build: failure.id, engine: engine, console: console) {
                progress.tell(step.styled)
            }
            throw failure
        }
    }

    private func options(in console: Console) throws -> ReplayOptions {
        var options = ReplayOptions()
        switch (steps, from) {
        case (nil, nil): break
        case (let pattern?, nil): options.steps = .matching(pattern)
        case (nil, let step?): options.steps = .from(step)
        case (_?, _?): throw UsageError("--steps and --from exclude each other; --steps takes a pattern for both")
        }
        options.withoutNetwork = network != nil
        options.secrets = try grants.secretSources(in: console)
        options.agents = try grants.agentSockets(in: console)
        options.allowed = try grants.entitlements()
        return options
    }

    private func chosenVariations() throws -> [StepVariation] {
        guard !variations.isEmpty else { return StepVariation.allCases }
        guard vary else { throw UsageError("--variations says which ones --vary takes; add --vary") }
        let named = try KeyValue.list(variations).map { name in
            guard let variation = StepVariation(rawValue: name) else {
                let all = StepVariation.allCases.map(\.rawValue).joined(separator: ", ")
                throw UsageError("--variations \(name): there are \(all)")
            }
            return variation
        }
        return StepVariation.allCases.filter(named.contains)
    }

    /// Prints what was found, and keeps trees where that was asked for.
    ///
    /// - Returns: The exit code.
    private func tell(
        _ report: ReplayReport,
        _ variation: VariationReport?,
        engine: Engine,
        console: Console
    ) async throws -> Int32 {
        let divergence = DivergenceReport(report, host: console.environment.host)
        let kept = keep ? try await KeptTrees.keep(divergence, of: report, engine: engine) : []
        let text = ReplayText(
            report: report,
            divergence: divergence,
            standing: try BuildStanding(of: report.original, in: engine.log),
            kept: kept,
            variation: variation,
            isQuiet: quiet
        )
        if form.json { text.printJSON(on: console) } else { text.print(on: console) }
        if let kind = report.kind { return kind.exitCode }
        return variation.map { $0.breaks.isEmpty } ?? true ? 0 : FaultKind.diverged.exitCode
    }
}

/// What `--network` of a replay takes.
enum ReplayNetwork: String, ExpressibleByArgument, CaseIterable, Sendable {
    case none
}
