// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// The reading of `--timestamps` and `SOURCE_DATE_EPOCH` together.
enum EpochChoice {
    /// The policy for file times.
    ///
    /// Source: reproducible-builds.org, "SOURCE_DATE_EPOCH".
    ///
    /// - Parameter given: The variable, from a build argument or else the environment; empty is as if not set.
    /// - Throws: `UsageError` for what is no number.
    static func policy(_ choice: TimestampChoice, given: String?) throws -> TimestampPolicy {
        if choice == .keep { return .keep }
        guard let given, !given.isEmpty else { return .default }
        if given == "context" {
            throw UsageError(
                "SOURCE_DATE_EPOCH=context: only a git context has a commit time; give the seconds themselves"
            )
        }
        guard let seconds = Int64(given), (0...253_402_300_799).contains(seconds) else {
            throw UsageError("SOURCE_DATE_EPOCH=\(given): write it as whole seconds since 1970-01-01")
        }
        return .clamp(epoch: seconds)
    }
}
