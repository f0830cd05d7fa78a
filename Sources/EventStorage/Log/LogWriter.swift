// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import Dispatch
import GRDB
import Synchronization
import SystemPackage

/// Appends events in groups, each one commit.
///
/// A commit waits for the disk, so few are made: events wait some milliseconds for others, unless somebody waits for
/// them or they are many. Whatever waits when a commit ends becomes the next one.
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
        /// What changes answers, in order.
        var bearings: [ResultBearing]
        var endsBuild: Bool
    }

    private struct State {
        var pending: [Pending] = []
        var appended: Int64 = 0
        var stored: Int64 = 0
        /// Whether the queue stores events, or is about to.
        var isRunning = false
        /// Whether the queue has made a commit since it was last at rest.
        var hasStored = false
        /// Whether the events that wait will be stored when the pause is over.
        var isTimed = false
        var waiters: [(ticket: Int64, continuation: CheckedContinuation<Void, any Error>)] = []
        var failure: (any Error)?
        var unstored = UnstoredResults()
        var frontier: MerkleFrontier?

        /// Whether what waits is to be stored now; sets what the answer makes true.
        mutating func starts(isUrgent: Bool) -> Bool {
            guard !isRunning, isUrgent || !waiters.isEmpty || pending.count >= LogWriter.smallestGroup else {
                return false
            }
            isRunning = true
            return true
        }

        /// Whether a pause must begin for what waits; sets what the answer makes true.
        mutating func beginsPause() -> Bool {
            guard !isRunning, !isTimed, !pending.isEmpty else { return false }
            isTimed = true
            return true
        }
    }

    private static let largestGroup = 20_000
    /// So many events don't wait for more.
    private static let smallestGroup = 512
    private static let pause = DispatchTimeInterval.milliseconds(10)

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

    /// Appends an event; those of no build and the last of one are stored without a pause.
    func append(_ event: Pending) {
        let isUrgent = event.endsBuild || event.build.isEmpty
        let (starts, waits) = state.withLock { state in
            guard state.failure == nil else { return (false, false) }
            state.pending.append(event)
            state.appended += 1
            state.unstored.add(event.bearing)
            if state.starts(isUrgent: isUrgent) { return (true, false) }
            return (false, state.beginsPause())
        }
        if starts { queue.async { self.drain() } }
        if waits { wait() }
    }

    /// Waits for all that was appended so far. Has no cancellation handler on purpose.
    func flush() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let (answer, starts): (Result<Void, any Error>?, Bool) = state.withLock { state in
                if let failure = state.failure { return (.failure(failure), false) }
                if state.stored >= state.appended { return (.success(()), false) }
                state.waiters.append((state.appended, continuation))
                return (nil, state.starts(isUrgent: true))
            }
            if starts { queue.async { self.drain() } }
            if let answer { continuation.resume(with: answer) }
        }
    }

    /// Stores what waits when the pause is over.
    private func wait() {
        queue.asyncAfter(deadline: .now() + Self.pause) {
            let starts = self.state.withLock { state in
                state.isTimed = false
                return !state.pending.isEmpty && state.starts(isUrgent: true)
            }
            if starts { self.drain() }
        }
    }

    /// Whether an event that is not committed yet bears on the result for `key`.
    func isWaiting(forKey key: ContentDigest) -> Bool { state.withLock { $0.unstored.concerns(key) } }

    /// Whether any event that is not committed yet names layers.
    var isWaitingForLayers: Bool { state.withLock { !$0.unstored.isEmpty } }

    private func drain() {
        while let (group, frontier) = nextGroup() {
            do {
                let (seqs, frontier) = try Connections.translating(path) { try store(group, after: frontier) }
                committed(
                    Committed(
                        seqs: seqs,
                        bearings: group.map(\.bearing).filter { $0 != .nothing },
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

    /// What the next commit stores; `nil`, and the queue at rest, when there is nothing or it can wait.
    private func nextGroup() -> ([Pending], MerkleFrontier?)? {
        let (group, frontier, waits) = state.withLock { state in
            let mayWait = state.waiters.isEmpty && state.pending.count < Self.smallestGroup && state.hasStored
            guard !state.pending.isEmpty, !mayWait else {
                state.isRunning = false
                state.hasStored = false
                return ([Pending](), state.frontier, state.beginsPause())
            }
            state.hasStored = true
            let group = Array(state.pending.prefix(Self.largestGroup))
            state.pending.removeFirst(group.count)
            return (group, state.frontier, false)
        }
        if waits { wait() }
        return group.isEmpty ? nil : (group, frontier)
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
