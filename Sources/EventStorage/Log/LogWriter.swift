// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Dispatch
import GRDB
import Synchronization
import SystemPackage

/// Appends events in groups: whatever waits when a commit ends becomes the next commit.
final class LogWriter: Sendable {
    /// An event that has no `seq` yet.
    struct Pending: Sendable {
        var build: String
        var kind: String
        var version: Int
        var time: Int64
        var body: [UInt8]
        var bearing: ResultBearing
        var endsBuild: Bool
    }

    /// What was committed.
    struct Committed: Sendable {
        var seqs: ClosedRange<Int64>
        var bearsResults: Bool
        var endsBuild: Bool
    }

    private struct State {
        var pending: [Pending] = []
        var appended: Int64 = 0
        var stored: Int64 = 0
        var isRunning = false
        var waiters: [(ticket: Int64, continuation: CheckedContinuation<Void, any Error>)] = []
        var failure: (any Error)?
        var unstored = UnstoredResults()
        var frontier: MerkleFrontier?
    }

    private static let largestGroup = 20_000

    let path: FilePath
    private let database: DatabaseQueue
    private let queue = DispatchQueue(label: "reel.log", qos: .userInitiated)
    private let state = Mutex(State())
    private let committed: @Sendable (Committed) -> Void

    /// - Parameter committed: Called after each commit, on the writer's thread, before those who wait for it go on.
    init(path: FilePath, database: DatabaseQueue, committed: @escaping @Sendable (Committed) -> Void) {
        self.path = path
        self.database = database
        self.committed = committed
    }

    func append(_ event: Pending) {
        let starts = state.withLock { state in
            guard state.failure == nil else { return false }
            state.pending.append(event)
            state.appended += 1
            state.unstored.add(event.bearing)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if starts { queue.async { self.drain() } }
    }

    /// Waits for all that was appended so far. Has no cancellation handler on purpose.
    func flush() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let answer: Result<Void, any Error>? = state.withLock { state in
                if let failure = state.failure { return .failure(failure) }
                if state.stored >= state.appended { return .success(()) }
                state.waiters.append((state.appended, continuation))
                return nil
            }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// Whether an event that is not committed yet bears on the result for `key`.
    func isWaiting(forKey key: ContentDigest) -> Bool { state.withLock { $0.unstored.concerns(key) } }

    /// Whether any event that is not committed yet names layers.
    var isWaitingForLayers: Bool { state.withLock { !$0.unstored.isEmpty } }

    private func drain() {
        while true {
            let (group, frontier) = state.withLock { state in
                let group = Array(state.pending.prefix(Self.largestGroup))
                state.pending.removeFirst(group.count)
                if group.isEmpty { state.isRunning = false }
                return (group, state.frontier)
            }
            guard !group.isEmpty else { return }
            do {
                let (seqs, frontier) = try Connections.translating(path) { try store(group, after: frontier) }
                committed(
                    Committed(
                        seqs: seqs,
                        bearsResults: group.contains { $0.bearing != .nothing },
                        endsBuild: group.contains(where: \.endsBuild)
                    )
                )
                finish(group, frontier)
            } catch {
                fail(error)
                return
            }
        }
    }

    private func finish(_ group: [Pending], _ frontier: MerkleFrontier) {
        let ready = state.withLock { state in
            state.frontier = frontier
            state.stored += Int64(group.count)
            for event in group { state.unstored.remove(event.bearing) }
            let stored = state.stored
            let ready = state.waiters.filter { $0.ticket <= stored }
            state.waiters.removeAll { $0.ticket <= stored }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    private func fail(_ error: any Error) {
        let waiters = state.withLock { state in
            state.failure = error
            state.pending = []
            state.unstored = UnstoredResults()
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: error) }
    }

    /// One transaction: the events after the last one, and the nodes that they complete.
    private func store(_ group: [Pending], after known: MerkleFrontier?) throws -> (ClosedRange<Int64>, MerkleFrontier)
    {
        try database.writeWithoutTransaction { database in
            var stored: (ClosedRange<Int64>, MerkleFrontier)?
            try database.inTransaction(.immediate) {
                let count = try LogReader.count(database)
                var appender = try LogAppender(database, count: count, known: known, path: path)
                for event in group { try appender.append(event) }
                stored = (count + 1...count + Int64(group.count), appender.frontier)
                return .commit
            }
            guard let stored else { throw EventLogError.storage(path: path.string, reason: "nothing was stored") }
            return stored
        }
    }
}

/// Writes rows behind the last one, inside a transaction of the caller's.
struct LogAppender {
    private(set) var frontier: MerkleFrontier
    private let event: PreparedStatement
    private let node: PreparedStatement

    /// - Parameter known: The frontier of an earlier commit, which is used if nothing was appended since.
    init(_ database: Database, count: Int64, known: MerkleFrontier?, path: FilePath) throws {
        if let known, known.size == count {
            frontier = known
        } else {
            frontier = try MerkleFrontier(size: count) { try LogReader.hash(database, of: $0, path: path) }
        }
        event = try PreparedStatement(
            database,
            "INSERT INTO events (\(LogRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        node = try PreparedStatement(database, "INSERT INTO nodes (number, hash) VALUES (?, ?)")
    }

    mutating func append(_ pending: LogWriter.Pending) throws {
        try append(
            StoredEvent(
                seq: frontier.size + 1,
                build: pending.build,
                kind: pending.kind,
                version: pending.version,
                time: pending.time,
                body: pending.body
            )
        )
    }

    mutating func append(_ stored: StoredEvent) throws {
        let leaf = stored.leaf
        try event.bind(1, stored.seq)
        try event.bind(2, stored.build)
        try event.bind(3, stored.kind)
        try event.bind(4, Int64(stored.version))
        try event.bind(5, stored.time)
        try event.bind(6, utf8: stored.body)
        try event.bind(7, leaf)
        try event.run()
        let node = node
        try frontier.append(leaf) { place, hash in
            try node.bind(1, place.order)
            try node.bind(2, hash)
            try node.run()
        }
    }
}
