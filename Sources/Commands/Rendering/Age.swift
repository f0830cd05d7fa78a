// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// How long ago something was, roughly.
enum Age {
    /// Such as `3 minutes ago`; the date of what is older than a month.
    static func text(of moment: Timestamp, at now: Timestamp) -> String {
        let seconds = max(0, now.seconds - moment.seconds)
        func ago(_ count: Int64, _ unit: String) -> String { "\(count) \(unit)\(count == 1 ? "" : "s") ago" }
        switch seconds {
        case ..<60: return ago(seconds, "second")
        case ..<3600: return ago(seconds / 60, "minute")
        case ..<172_800: return ago(seconds / 3600, "hour")
        case ..<2_592_000: return ago(seconds / 86_400, "day")
        default: return String(moment.rfc3339.prefix(10))
        }
    }
}
