// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import BuildProgress
import EventStorage

/// What the cache saved: the time that the steps took whose results were used again.
enum CacheSaving {
    /// Nanoseconds, as the events say that gave the results; a result without a known time counts nothing.
    static func nanoseconds(of state: ProgressState, in log: EventLog) -> Int64 {
        var saved: Int64 = 0
        for item in state.items where item.status == .reused && item.producer > 0 {
            // Nothing but a number for people depends on it.
            guard let producer = try? log.event(item.producer), case .stepFinished(let step) = producer.event else {
                continue
            }
            saved += step.happened["duration"]?.integer ?? 0
        }
        return saved
    }
}
