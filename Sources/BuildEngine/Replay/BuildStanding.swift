// SPDX-License-Identifier: Apache-2.0

import BuildEvents
public import BuildModel
public import EventStorage

/// What the log shows about a build: whether it is reproducible, and whether it is hermetic.
///
/// Both come from events of executions alone; nothing that a person or a file declares counts.
public struct BuildStanding: Sendable {
    /// What is shown of one property.
    public struct Finding: Equatable, Sendable {
        /// `true` where events show it, `false` where they show the contrary, `nil` where they show neither.
        public var holds: Bool?
        /// What shows it, one clause.
        public var reason: String
    }

    /// Whether executions gave the same.
    public var reproducible: Finding
    /// Whether no step had a network.
    public var hermetic: Finding
    /// The variations under which replays gave the same, sorted.
    public var agreedUnder: [String]

    /// Reads the executions of a build, and of the replays that repeated it.
    ///
    /// - Throws: `EventLogError`.
    public init(of build: BuildID, in log: EventLog) throws {
        var filter = BuildFilter()
        filter.of = build
        let replays = try log.builds(filter).filter { $0.relation == "replay" && $0.status == .finished }
            .map { try Execution($0, in: log) }
        agreedUnder = Set(replays.filter { $0.isIdentical && $0.compared > 0 }.flatMap(\.variations)).sorted()
        reproducible = Self.reproducibility(replays)
        hermetic = try Self.hermeticity(of: build, replays, in: log)
    }

    /// A replay and what it found.
    private struct Execution {
        let id: BuildID
        let isWhole: Bool
        let variations: [String]
        let compared: Int
        let isIdentical: Bool
        let hadNetwork: Bool

        init(_ summary: BuildSummary, in log: EventLog) throws {
            id = summary.id
            let options = summary.options
            isWhole = options["replay-steps"] == nil && options["replay-from"] == nil
            variations = options["replay-vary"]?.split(separator: ",").map(String.init) ?? []
            var compared = 0
            var isIdentical = true
            var hadNetwork = false
            for recorded in try log.events(of: summary.id) {
                switch recorded.event {
                case .replayCompared(let event):
                    compared += 1
                    isIdentical = isIdentical && event.identical
                case .stepStarted(let event): hadNetwork = hadNetwork || event.hasNetwork
                default: break
                }
            }
            (self.compared, self.isIdentical, self.hadNetwork) = (compared, isIdentical, hadNetwork)
        }
    }

    private static func reproducibility(_ replays: [Execution]) -> Finding {
        let whole = replays.filter { $0.isWhole && $0.variations.isEmpty && $0.compared > 0 }
        if let differing = whole.first(where: { !$0.isIdentical }) {
            return Finding(holds: false, reason: "replay \(differing.id) differs")
        }
        if let latest = whole.first {
            let count = whole.count == 1 ? "a replay agrees" : "\(whole.count) replays agree"
            return Finding(holds: true, reason: "\(count) with it (latest \(latest.id))")
        }
        return Finding(holds: nil, reason: replays.isEmpty ? "it was not replayed" : "only parts of it were replayed")
    }

    private static func hermeticity(of build: BuildID, _ replays: [Execution], in log: EventLog) throws -> Finding {
        var executions = Executions(log: log)
        for recorded in try log.events(of: build) { try executions.add(recorded.event) }
        if executions.connected.isEmpty, executions.unknown.isEmpty {
            let count = executions.isolated
            return Finding(
                holds: true,
                reason: count == 0 ? "it ran no command" : "no step had a network (\(count) of \(count))"
            )
        }
        let proof = replays.first { $0.isWhole && $0.isIdentical && $0.compared > 0 && !$0.hadNetwork }
        if let proof { return Finding(holds: true, reason: "replay \(proof.id) gave the same without a network") }
        if let name = executions.connected.first {
            let more = executions.connected.count > 1 ? " and \(executions.connected.count - 1) more" : ""
            return Finding(holds: false, reason: "\(name)\(more) had a network")
        }
        return Finding(holds: nil, reason: "the log lacks the execution of \(executions.unknown.first ?? "a step")")
    }

    /// The executions behind a build's results, those of other builds for results that were reused.
    private struct Executions {
        let log: EventLog
        /// Names of steps that had a network.
        var connected: [String] = []
        /// Names of steps of whose execution the log knows nothing.
        var unknown: [String] = []
        /// How many commands ran without a network.
        var isolated = 0
        private var names: [ContentDigest: String] = [:]
        private var others: [BuildID: [ContentDigest: StepStarted]] = [:]

        init(log: EventLog) { self.log = log }

        mutating func add(_ event: BuildEvent) throws {
            switch event {
            case .stepKeyed(let event): names[event.vertex] = event.name
            case .stepStarted(let event): count(event)
            case .stepReused(let event):
                if let started = try execution(event) { count(started) } else { unknown.append(name(event.vertex)) }
            default: break
            }
        }

        private func name(_ vertex: ContentDigest) -> String { names[vertex] ?? vertex.description }

        private mutating func count(_ started: StepStarted) {
            guard started.operation == "exec" else { return }
            if started.hasNetwork { connected.append(name(started.vertex)) } else { isolated += 1 }
        }

        /// The start of the step whose result was reused.
        private mutating func execution(_ reused: StepReused) throws -> StepStarted? {
            guard reused.producer > 0, let producer = try log.event(reused.producer), let build = producer.build,
                case .stepFinished(let finished) = producer.event, finished.key == reused.key
            else { return nil }
            if others[build] == nil {
                var starts: [ContentDigest: StepStarted] = [:]
                for recorded in try log.events(of: build) {
                    if case .stepStarted(let event) = recorded.event { starts[event.vertex] = event }
                }
                others[build] = starts
            }
            return others[build]?[finished.vertex]
        }
    }
}

extension StepStarted {
    /// Whether the step's processes had a network beside a loopback device.
    fileprivate var hasNetwork: Bool { !network.isEmpty && network != "none" }
}
