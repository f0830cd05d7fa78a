// SPDX-License-Identifier: Apache-2.0

/// Which driver to use, and why.
public struct DriverChoice: Sendable {
    /// The driver.
    public let driver: any SnapshotDriver
    /// Why it, as a clause such as `the kernel mounts EROFS images from files`.
    public let reason: String

    /// Chooses by trying: `erofs` where the kernel mounts an image from a file, else `directory`.
    ///
    /// - Parameter preferred: `erofs` or `directory` to have that one; `nil` to choose.
    /// - Throws: `MountError.refused` when the preferred one is not possible or there is none of that name.
    public static func choose(
        for store: LayerStore,
        in environment: MountEnvironment,
        preferred: String? = nil
    ) throws -> DriverChoice {
        throw MountError.refused(what: "a snapshot", reason: "unfinished")
    }
}
