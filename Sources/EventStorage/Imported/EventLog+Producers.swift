// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel

/// Where a reused result came from.
public struct ResultProducer: Equatable, Sendable {
    /// The `step.finished` that gave it.
    public var finished: StoredEvent
    /// The `step.output` of that step, if it printed something.
    public var output: StoredEvent?

    /// The blob of what the step printed.
    public var outputBlob: ContentDigest? {
        guard case .stepOutput(let payload)? = try? output?.recorded().event else { return nil }
        return payload.blob
    }
}

extension EventLog {
    /// The step whose result a build reused, as the log has it in which that build ran.
    ///
    /// - Parameters:
    ///   - seq: The number that the build's `step.reused` gives as its producer.
    ///   - build: The build that reused the result.
    /// - Returns: `nil` when that event is not known here.
    public func producer(_ seq: Int64, of build: BuildID) throws -> ResultProducer? {
        if let imported = try importedEvents(of: build) { return Self.producer(seq, among: imported.all) }
        guard let row = try reader.rows(after: seq - 1, through: seq).first, row.isIntact,
            let id = try? BuildID(parsing: row.event.build)
        else { return nil }
        return Self.producer(seq, among: try storedEvents(of: id))
    }

    private static func producer(_ seq: Int64, among events: [StoredEvent]) -> ResultProducer? {
        guard let finished = events.first(where: { $0.seq == seq }),
            case .stepFinished(let step)? = try? finished.recorded().event
        else { return nil }
        let output = events.last { event in
            guard event.build == finished.build, event.seq < seq, event.kind == EventKind.stepOutput.rawValue,
                case .stepOutput(let payload)? = try? event.recorded().event
            else { return false }
            return payload.vertex == step.vertex
        }
        return ResultProducer(finished: finished, output: output)
    }
}
