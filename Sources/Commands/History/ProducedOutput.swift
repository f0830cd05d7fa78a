// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import EventStorage

extension BuildDetails.Step {
    /// The blob of what a cached step of `build` printed when it ran; `nil` when it printed nothing, or ran elsewhere.
    func output(in log: EventLog, of build: BuildID) throws -> ContentDigest? {
        guard let producer, producer > 0, let origin = try log.producer(producer, of: build) else { return output }
        return origin.outputBlob
    }
}
