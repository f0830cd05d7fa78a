// SPDX-License-Identifier: Apache-2.0

/// What an import takes before it refuses a layer as hostile.
public struct ImportLimits: Hashable, Sendable {
    /// The most bytes that the uncompressed tar may have.
    public var maximumBytes: Int64
    /// The most bytes that may come out for each byte that went in, once `ratioAppliesAfter` bytes came out.
    public var maximumRatio: Int64
    /// How many bytes may come out before the ratio counts: files of zeros are legal, and compress well.
    public var ratioAppliesAfter: Int64
    /// The most entries that the tar may have, directories without an entry of their own included.
    public var maximumEntries: Int

    /// Makes limits.
    public init(
        maximumBytes: Int64 = 256 << 30,
        maximumRatio: Int64 = 200,
        ratioAppliesAfter: Int64 = 8 << 30,
        maximumEntries: Int = 4_000_000
    ) {
        self.maximumBytes = maximumBytes
        self.maximumRatio = maximumRatio
        self.ratioAppliesAfter = ratioAppliesAfter
        self.maximumEntries = maximumEntries
    }

    /// The limits that a person gets who sets none.
    public static let `default` = ImportLimits()
}
