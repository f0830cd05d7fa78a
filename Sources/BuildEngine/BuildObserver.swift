// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
public import Sandbox

/// Sees a build as it goes on: every event in the order of the log, and what steps print while they run.
public protocol BuildObserver: Sendable {
    /// Called for each event, once it is queued for the log.
    func observe(_ event: BuildEvent, at time: Timestamp)

    /// Called for each piece that a running step printed; pieces end anywhere, not only at line ends.
    func observe(_ output: OutputChunk, of vertex: ContentDigest)
}

/// An observer that looks away.
public struct SilentObserver: BuildObserver {
    /// Makes one.
    public init() {}
    /// Does nothing.
    public func observe(_ event: BuildEvent, at time: Timestamp) {}
    /// Does nothing.
    public func observe(_ output: OutputChunk, of vertex: ContentDigest) {}
}

/// The log of one build, with an observer beside it.
struct ObservedLog: EventAppending {
    let log: any EventAppending
    let observer: any BuildObserver
    let clock: any WallClock

    func append(_ event: BuildEvent, build: BuildID?) {
        log.append(event, build: build)
        observer.observe(event, at: clock.now())
    }

    func flush() async throws { try await log.flush() }
}
