// SPDX-License-Identifier: Apache-2.0

public import BuildEngine
import BuildEvents
public import BuildModel
import LLB
import Layers

/// What differs by itself between a record and its replay, down to fields of files.
public struct DivergenceReport: Sendable {
    /// One step or export that differs by itself.
    public struct Divergence: Sendable {
        /// What a person calls it.
        public var name: String
        /// Its vertex; `nil` for an export.
        public var vertex: ContentDigest?
        /// `diffID`, `chainID`, `outcome`, `config`, `manifest`.
        public var subject: String
        /// What the record says.
        public var expected: String
        /// What the replay gave.
        public var actual: String
        /// The paths that differ, where the layers could be compared.
        public var paths: [PathDifference]
        /// How many paths differ in all.
        public var count: Int
        /// Why the layers could not be compared; `nil` where they were.
        public var obstacle: String?
        /// The layers, where both are at hand.
        public var layers: (then: ContentDigest, now: ContentDigest)?

        /// Every suspect with its first evidence and where that is, those that most files show first.
        public var suspicions: [(suspicion: Suspicion, path: String)] {
            var counts: [Suspicion.Suspect: Int] = [:]
            var firsts: [(Suspicion, String)] = []
            for path in paths {
                for suspicion in path.fields.flatMap(\.suspicions) {
                    counts[suspicion.suspect, default: 0] += 1
                    if counts[suspicion.suspect] == 1 { firsts.append((suspicion, path.path)) }
                }
            }
            return firsts.enumerated().sorted { left, right in
                let (more, less) = (counts[left.element.0.suspect] ?? 0, counts[right.element.0.suspect] ?? 0)
                return more == less ? left.offset < right.offset : more > less
            }.map(\.element)
        }
    }

    /// In the order of the graph; the first is the first diverging step.
    public private(set) var divergences: [Divergence] = []

    /// Compares the layers of every step that differs by itself.
    ///
    /// - Parameters:
    ///   - host: The name of this machine.
    ///   - limit: How many paths of a layer are looked at closely.
    public init(_ report: ReplayReport, host: String, limit: Int = 100) {
        let record = report.record
        let hosts = Set(
            [host, record.start.happened["host"]?.text ?? "", "buildkitsandbox", "reel-varied"].filter { !$0.isEmpty }
        )
        for comparison in report.divergences {
            let event = comparison.event
            var divergence = Divergence(
                name: comparison.name,
                vertex: event.vertex,
                subject: event.subject,
                expected: event.expected,
                actual: event.actual,
                paths: [],
                count: 0
            )
            if event.subject == "diffID" {
                let finder = SuspectFinder(
                    then: record.id.time,
                    now: report.replay.time,
                    command: Self.command(of: event.vertex, in: record),
                    hosts: hosts
                )
                Self.compare(&divergence, report, finder, limit)
            }
            divergences.append(divergence)
        }
    }

    private static func compare(
        _ divergence: inout Divergence,
        _ report: ReplayReport,
        _ finder: SuspectFinder,
        _ limit: Int
    ) {
        guard let then = try? ContentDigest(parsing: divergence.expected),
            let now = try? ContentDigest(parsing: divergence.actual)
        else { return }
        do {
            let layers = try LayerComparison(
                then,
                in: report.origin,
                with: now,
                in: report.layers,
                suspects: finder,
                limit: limit
            )
            divergence.layers = (then, now)
            divergence.paths = layers.differences
            divergence.count = layers.count
        } catch {
            divergence.obstacle = "the layers can't be compared: \(error)"
        }
    }

    private static func command(of vertex: ContentDigest?, in record: BuildRecord) -> String {
        guard case .exec(let exec)? = vertex.flatMap({ record.vertex($0) })?.operation else { return "" }
        return exec.process.arguments.joined(separator: " ")
    }
}
