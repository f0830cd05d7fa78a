// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage

extension BuildDetails.Step {
    /// The blob of what a cached step printed when it ran; `nil` when it printed nothing, or ran elsewhere.
    func output(in log: EventLog) throws -> ContentDigest? {
        guard let producer, producer > 0, let event = try log.event(producer), let build = event.build,
            case .stepFinished(let finished) = event.event
        else { return output }
        return BuildDetails(try log.events(of: build)).steps.first { $0.vertex == finished.vertex }?.output
    }
}
