// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// An event as it lies in the log.
public struct RecordedEvent: Equatable, Sendable {
    /// Its place in the log, from 1, without gaps.
    public var seq: Int64
    /// The build it belongs to; `nil` for events of the store.
    public var build: BuildID?
    /// When it was appended.
    public var time: Timestamp
    /// What it says, upcast to the newest version.
    public var event: BuildEvent

    /// Makes a recorded event.
    public init(seq: Int64, build: BuildID?, time: Timestamp, event: BuildEvent) {
        self.seq = seq
        self.build = build
        self.time = time
        self.event = event
    }
}
