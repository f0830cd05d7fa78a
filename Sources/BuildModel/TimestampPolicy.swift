// SPDX-License-Identifier: Apache-2.0

/// What becomes of file times when a layer is made. Part of every step's key.
public enum TimestampPolicy: Hashable, Sendable {
    /// Every time later than the epoch becomes the epoch, in whole seconds since 1970-01-01 UTC.
    case clamp(epoch: Int64)
    /// Times stay as they are, so the result can't be reproducible.
    case keep

    /// 1980-01-01, the earliest time that zip files can hold.
    public static let defaultEpoch: Int64 = 315_532_800

    /// The policy of a build that says nothing.
    public static let `default` = TimestampPolicy.clamp(epoch: defaultEpoch)

    /// What to store for a file that was modified at `modified`.
    public func apply(to modified: Timestamp) -> Timestamp {
        switch self {
        case .clamp(let epoch): modified.nanoseconds > epoch * 1_000_000_000 ? Timestamp(seconds: epoch) : modified
        case .keep: modified
        }
    }
}
