// SPDX-License-Identifier: Apache-2.0

import BuildEngine
import BuildEvents
public import BuildModel
import EventStorage
import LLB
import Layers

/// One thing in which two recorded builds differ.
public struct BuildDifference: Hashable, Sendable {
    /// What kind of thing it is.
    public enum Subject: String, Sendable, CaseIterable {
        /// The program, its rules, its platform, or the machine that it ran on.
        case environment
        /// An option of the request.
        case option
        /// A source and its pin.
        case source
        /// A step: its key, or what it gave.
        case step
        /// A root, an image, or another digest that the build made.
        case result
    }

    /// What kind of thing it is.
    public let subject: Subject
    /// Which one.
    public let name: String
    /// The first build's value; `nil` where it has none.
    public let before: String?
    /// The second build's value; `nil` where it has none.
    public let after: String?
    /// Why a step's key is another; empty for everything else.
    public let causes: [KeyCause]

    /// The object that `reel history diff --json` prints.
    public var json: JSONValue {
        [
            "id": .string(name), "subject": .string(subject.rawValue), "before": before.map { .string($0) } ?? .null,
            "after": after.map { .string($0) } ?? .null, "causes": .array(causes.map(\.json)),
        ]
    }
}

extension KeyExplainer {
    /// Everything in which build `second` differs from build `first`, in the order of `Subject`, then by name or in the
    /// order of the graph.
    ///
    /// - Throws: `BuildRecordError` for a build that ended before it had a graph.
    public func differences(from first: BuildID, to second: BuildID) throws -> [BuildDifference] {
        let before = try BuildRecord(first, log: log, blobs: blobs)
        let after = try BuildRecord(second, log: log, blobs: blobs)
        let texts: [(BuildDifference.Subject, (BuildRecord) -> [String: String])] = [
            (.environment, environment), (.option, { $0.start.options }), (.source, sources),
        ]
        return try texts.flatMap { compare($0.0, $0.1(before), $0.1(after)) } + steps(from: before, to: after)
            + compare(.result, results(before), results(after))
    }

    private func compare(
        _ subject: BuildDifference.Subject,
        _ before: [String: String],
        _ after: [String: String]
    ) -> [BuildDifference] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return BuildDifference(subject: subject, name: name, before: before[name], after: after[name], causes: [])
        }
    }

    private func environment(_ record: BuildRecord) -> [String: String] {
        let start = record.start
        var values = [
            "engine": start.engine, "semantics": String(start.semantics), "platform": start.platform,
            "frontend": start.frontend,
        ]
        for name in ["host", "cwd"] { values[name] = start.happened[name]?.text }
        return values
    }

    private func sources(_ record: BuildRecord) -> [String: String] {
        let pins = record.pins.values.map { (SourceName.plain($0.identifier), $0.pin) }
        // One name may be resolved for several platforms.
        return Dictionary(grouping: pins) { $0.0 }.mapValues { $0.map(\.1).sorted().joined(separator: ", ") }
    }

    private func results(_ record: BuildRecord) -> [String: String] {
        var values: [String: String] = [:]
        switch record.end {
        case .buildFinished(let end)?:
            for (platform, chain) in end.results { values["root \(platform)"] = chain.description }
            if let image = end.image { values["image"] = image.description }
            values["end"] = "finished"
        case .buildFailed(let end)?: values["end"] = "failed: \(end.message)"
        case .buildCancelled?: values["end"] = "cancelled"
        default: values["end"] = "running, or killed"
        }
        for export in record.exports {
            for (role, digest) in export.finished.digests {
                values["\(export.started.exporter) \(role)"] = digest.description
            }
        }
        return values
    }

    private func steps(from before: BuildRecord, to after: BuildRecord) throws -> [BuildDifference] {
        let comparison = RecordComparison(before: before, after: after, blobs: blobs)
        var differences: [BuildDifference] = []
        var met: Set<ContentDigest> = []
        for step in after.orderedSteps {
            let old = comparison.counterpart(of: step.vertex)
            if let old { met.insert(old.vertex) }
            let (was, now) = (old.map { given(by: $0, in: before) }, given(by: step, in: after))
            guard was != now || old?.key != step.key else { continue }
            differences.append(
                BuildDifference(
                    subject: .step,
                    name: step.name,
                    before: was,
                    after: now,
                    causes: old?.key == step.key ? [] : try comparison.causes(of: step)
                )
            )
        }
        for step in before.orderedSteps where !met.contains(step.vertex) {
            differences.append(
                BuildDifference(
                    subject: .step,
                    name: step.name,
                    before: given(by: step, in: before),
                    after: nil,
                    causes: []
                )
            )
        }
        return differences
    }

    private func given(by step: StepKeyed, in record: BuildRecord) -> String {
        guard let results = record.results[step.vertex] else {
            return record.failures.contains(step.vertex) ? "failed" : "no result"
        }
        let layers = results.map { $0.diffID.map(\.description) ?? "no layer" }
        return layers.isEmpty ? "no layer" : layers.joined(separator: ", ")
    }
}
