// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import SystemPackage

/// The event log of one data root: `log.sqlite`, and its projection `index.sqlite`.
///
/// Any number of processes may hold the same log open and append to it. Functions that are not `async` block on the
/// disk: call them through `Offload.run` where a thread must not wait.
public final class EventLog: EventAppending, ResultLookup, Sendable {
    /// The data root.
    public let root: FilePath

    /// Opens the log of the data root `root`, which must be an existing directory.
    ///
    /// A log that a killed process left is recovered by SQLite; nothing else is read, so this takes some milliseconds
    /// for a log of any length. The projection is opened when it is first asked.
    ///
    /// - Parameters:
    ///   - clock: Gives the time of each appended event.
    ///   - creating: Whether to make an empty log where there is none.
    /// - Throws: `EventLogError`, e.g. `.newer` for a log written by a later version, `.absent` where there is none.
    public static func open(root: FilePath, clock: any WallClock, creating: Bool = true) throws -> EventLog {
        fatalError("not yet")
    }

    init(root: FilePath) { self.root = root }

    /// Appends `event` in order and returns at once; it is durable when a later `flush()` returns.
    public func append(_ event: BuildEvent, build: BuildID?) {}

    /// Waits until everything appended so far is committed, cancelled or not.
    public func flush() async throws {}

    /// As `flush()`, for callers without concurrency; blocks.
    public func flushBlocking() throws {}

    /// The newest event that gave a result for `key`; `nil` when there is none or its blobs are gone since.
    ///
    /// A result that this process appended is given once it is committed, for which this waits.
    public func result(forKey key: ContentDigest) async throws -> KnownResult? { nil }

    /// The layers of a snapshot that an event named by its ChainID, lowest first; `nil` when no event did.
    public func layers(ofChain chainID: ContentDigest) async throws -> [ContentDigest]? { nil }
}
