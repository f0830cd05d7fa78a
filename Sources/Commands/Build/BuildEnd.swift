// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEngine
import BuildModel
import BuildProgress
import BuildSolver
import Layers

/// What is told of a build once it is over, well or not.
struct BuildEnd {
    let engine: Engine
    let console: Console
    let progress: ConsoleProgress
    let run: EndOptions

    /// Does a build, shows it, and tells its end.
    ///
    /// - Parameter outputs: What was asked to be made.
    /// - Returns: The exit code of a good end.
    /// - Throws: `AlreadyTold` for a bad end, of which the person has read.
    func tell(
        of outputs: [OutputSpecification],
        _ build: @Sendable () async throws -> BuildOutcome
    ) async throws -> Int32 {
        do {
            let outcome = try await progress.showing(build)
            try finish(outcome, outputs: outputs)
            return 0
        } catch let failure as BuildFailure {
            fail(failure)
            throw AlreadyTold(kind: failure.kind)
        }
    }

    private func finish(_ outcome: BuildOutcome, outputs: [OutputSpecification]) throws {
        let products = BuildProducts(outcome)
        if let file = run.iidfile {
            guard let digest = products.imageID else {
                throw UsageError("--iidfile \(file): no image was made; name one with -t, or export one with --output")
            }
            try InputFile.write(Array(digest.description.utf8), to: console.environment.absolute(file))
        }
        if let file = run.contextHashFile {
            let record = try BuildRecord(outcome.id, log: engine.log, blobs: engine.layers.blobs)
            let hash = try HashedContext(of: record, layers: engine.layers).digest()
            try InputFile.write(Array(hash.description.utf8), to: console.environment.absolute(file))
        }
        if let file = run.metadataFile {
            try InputFile.write(products.metadata.canonicalBytes + [0x0A], to: console.environment.absolute(file))
        }
        if progress.mode == .tty || progress.mode == .plain { tellEnd(products, outcome) }
        // Where a result went to standard output, nothing may follow it there.
        guard !OutputOptions.writesStandardOutput(outputs) else { return }
        if run.json {
            console.print(products.json)
        } else if progress.mode == .quiet, let digest = products.imageID ?? products.root {
            console.print(digest.description)
        }
    }

    private func tellEnd(_ products: BuildProducts, _ outcome: BuildOutcome) {
        let state = progress.state
        let now = console.environment.clock.now()
        let report = EndReport(
            nanoseconds: state.started.map { now.nanoseconds - $0.nanoseconds } ?? 0,
            saved: CacheSaving.nanoseconds(of: state, in: engine.log),
            products: products.lines,
            commands: products.commands(state)
        )
        var lines: [StyledLine] = []
        if progress.mode == .tty {
            lines = TreeView(style: console.style, size: console.size(), now: now).remainder(of: state)
        }
        progress.tell(lines + report.styled(state, style: console.style))
    }

    private func fail(_ failure: BuildFailure) {
        let missed = missedStep(failure)
        if run.json {
            var members: [String: JSONValue] = [
                "id": .string(failure.id.description), "status": failure.kind == .cancelled ? "cancelled" : "failed",
                "error": .string(failure.description),
            ]
            if let missed { members["why"] = missed.json }
            console.print(.object(members))
        }
        if progress.mode == .tty {
            let now = console.environment.clock.now()
            progress.tell(TreeView(style: console.style, size: console.size(), now: now).remainder(of: progress.state))
        }
        if progress.mode != .rawjson, failure.kind != .cancelled,
            let report = FailedStep.report(progress.state, build: failure.id, engine: engine, console: console)
        {
            progress.tell(report.styled)
        }
        console.fail(failure.description)
        // With --json the explanation is part of the object.
        if let missed, !run.json { for line in missed.lines { console.tell(line) } }
    }

    /// Why the step that was expected to be cached is not; `nil` for other failures, and where the log can't tell.
    private func missedStep(_ failure: BuildFailure) -> StepExplanation? {
        guard case .notCached(let vertex, _)? = failure.cause as? SolveError else { return nil }
        let explainer = KeyExplainer(log: engine.log, blobs: engine.layers.blobs)
        return try? explainer.explain(failure.id, step: vertex.description).first
    }
}
