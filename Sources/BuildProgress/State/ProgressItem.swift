// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// One line of a build's progress: a source, a step or an export.
public struct ProgressItem: Sendable {
    /// What names an item within a build.
    public enum ID: Hashable, Sendable {
        /// A source, by its identifier.
        case source(String)
        /// A step, by its vertex.
        case step(ContentDigest)
        /// An export, by its place among the exports.
        case export(Int)
    }

    /// How far an item is.
    public enum Status: Equatable, Sendable {
        /// It is known and does nothing yet, or waits for another build that does the same.
        case waiting
        /// It is at work since this moment.
        case running(since: Timestamp)
        /// An earlier result stands for it.
        case reused
        /// It is done and took this many nanoseconds.
        case finished(nanoseconds: Int64)
        /// It went wrong after this many nanoseconds, for this reason.
        case failed(nanoseconds: Int64, message: String)
    }

    /// Its id.
    public let id: ID
    /// What a person calls it.
    public var name: ItemName
    /// How far it is.
    public var status: Status
    /// The last lines that it printed.
    public var tail = LineTail()
    /// What else is to be said in a few words, such as a count of files or a pin.
    public var detail = ""
    /// Bytes that it brought, hashed or wrote; 0 where that is not known.
    public var bytes: Int64 = 0
    /// The `seq` of the event whose result was used again; 0 where there is none.
    public var producer: Int64 = 0

    init(id: ID, name: ItemName, status: Status) {
        self.id = id
        self.name = name
        self.status = status
    }

    /// Whether it is at work.
    public var isRunning: Bool { if case .running = status { true } else { false } }

    /// Whether nothing more is to come of it.
    public var isOver: Bool {
        switch status {
        case .waiting, .running: false
        case .reused, .finished, .failed: true
        }
    }

    /// How long it took, or has taken until `now`, in nanoseconds; 0 for what never ran.
    public func nanoseconds(at now: Timestamp) -> Int64 {
        switch status {
        case .waiting, .reused: 0
        case .running(let since): max(0, now.nanoseconds - since.nanoseconds)
        case .finished(let nanoseconds), .failed(let nanoseconds, _): nanoseconds
        }
    }
}
