// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Where events are appended.
public protocol EventAppending: Sendable {
    /// Appends `event` in order and returns at once; it is durable when a later `flush()` returns.
    ///
    /// The order of calls from one task is the order in the log.
    func append(_ event: BuildEvent, build: BuildID?)

    /// Waits until everything appended so far is committed, cancelled or not.
    ///
    /// - Throws: The first failure to store an event, such as a full disk; what came after it is not stored either.
    func flush() async throws
}
