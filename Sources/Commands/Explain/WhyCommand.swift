// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildModel
import EventStorage
import Layers

/// Tells why steps ran.
struct WhyCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Tell why a step was not cached: which input of its key changed.",
        discussion: """
            Names a build (then every step of it that was not cached), a step of the latest build, or both. Every build can \
            be explained; no option is needed when it runs. Without --against a step is compared with the newest build of \
            the same kind before it that has a result of the step.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A build (its id, the start of it, or 'latest'), or a step: its number, the start of its digest, or a part of its name.",
            valueName: "ID|STEP"
        )
    )
    var subject = "latest"

    @Argument(help: ArgumentHelp("A step of the build that was named first.", valueName: "STEP"))
    var step: String?

    @Option(help: ArgumentHelp("The build to compare with.", valueName: "ID"))
    var against: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let log = try store.log(for: console)
        let explainer = KeyExplainer(log: log, blobs: try BlobStore(root: log.root))
        let (build, step) = try question(log)
        let other = try against.map { try log.build(matching: $0).id }
        let explanations = try await Offload.run { try explainer.explain(build, step: step, against: other) }
        if form.json {
            for explanation in explanations { console.print(explanation.json) }
        } else if explanations.isEmpty {
            console.print("every step of \(build) was cached")
        } else {
            for line in explanations.flatMap(\.lines) { console.print(line) }
        }
        return 0
    }

    /// What is asked: a build, and a step of it or all.
    private func question(_ log: EventLog) throws -> (BuildID, String?) {
        if let step { return (try log.build(matching: subject).id, step) }
        // A number is that of a step, since ids begin with the same digits for years.
        if Int(subject) != nil, subject.count < 6 { return (try log.build(matching: "latest").id, subject) }
        do {
            return (try log.build(matching: subject).id, nil)
        } catch EventLogError.unknownBuild {
            return (try log.build(matching: "latest").id, subject)
        }
    }
}
