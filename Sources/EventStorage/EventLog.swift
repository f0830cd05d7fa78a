// SPDX-License-Identifier: Apache-2.0

public import BuildEvents
public import BuildModel
import Dispatch
import Glibc
import GRDB
public import SystemPackage

/// The event log of one data root: `log.sqlite`, and its projection `index.sqlite`.
///
/// Any number of processes may hold the same log open and append to it. Functions that are not `async` block on the
/// disk: call them through `Offload.run` where a thread must not wait.
public final class EventLog: EventAppending, ResultLookup, Sendable {
    /// The data root.
    public let root: FilePath

    let clock: any WallClock
    let reader: LogReader
    let index: ProjectionIndex
    private let writer: LogWriter
    private let use: LogUse
    private let projecting = DispatchQueue(label: "reel.index", qos: .utility)

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
        let files = LogFiles(root: root)
        if unsafe access(files.log.string, F_OK) != 0 {
            guard creating else { throw EventLogError.absent(path: files.log.string) }
            try files.checkNothingWasSetAside()
        }
        let use = try LogUse.shared(of: files)
        let database = try Connections.translating(files.log) { try prepare(files.log) }
        return try EventLog(files: files, use: use, database: database, clock: clock)
    }

    private static func prepare(_ path: FilePath) throws -> DatabaseQueue {
        let database = try Connections.open(path) { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try database.writeWithoutTransaction { database in
            let isMade = try LogSchema.check(database, path: path)
            try Connections.useWAL(database)
            if !isMade { try LogSchema.create(database) }
        }
        return database
    }

    private init(files: LogFiles, use: LogUse, database: DatabaseQueue, clock: any WallClock) throws {
        root = files.root
        self.use = use
        self.clock = clock
        reader = try LogReader(path: files.log)
        let bell = Bell()
        index = ProjectionIndex(path: files.index, log: reader) { bell.ring($0) }
        let (index, projecting) = (index, projecting)
        writer = LogWriter(path: files.log, database: database) { committed in
            index.note(committed)
            // What the next process would have to do first is done while this one says goodbye.
            if committed.endsBuild { projecting.async { try? index.update() } }
        }
        bell.answer { [weak self] reason in
            self?.append(.fallback(Fallback(subject: "index.sqlite", reason: reason)), build: nil)
        }
    }

    /// Appends `event` in order and returns at once; it is durable when a later `flush()` returns.
    public func append(_ event: BuildEvent, build: BuildID?) {
        let wire = event.wire
        writer.append(
            LogWriter.Pending(
                build: build?.description ?? "",
                kind: wire.kind,
                version: wire.version,
                time: clock.now().nanoseconds,
                body: wire.body,
                bearing: ResultBearing(event),
                endsBuild: event.endsBuild
            )
        )
    }

    /// Waits until everything appended so far is committed, cancelled or not.
    ///
    /// - Throws: `EventLogError`, the first failure to store an event; what came after it is not stored either.
    public func flush() async throws { try await writer.flush() }

    /// Opens the projection and brings it up to date in the background, so that the first lookup finds it ready.
    public func warmUp() {
        let index = index
        projecting.async { try? index.lookUp { _ in } }
    }

    /// The newest event that gave a result for `key`; `nil` when there is none or its blobs are gone since.
    ///
    /// A result that this process appended is given once it is committed, for which this waits.
    public func result(forKey key: ContentDigest) async throws -> KnownResult? {
        if writer.isWaiting(forKey: key) { try await writer.flush() }
        let mayChange = writer.isWaitingForLayers
        var answer = try await find(about: key) { try ResultQueries.result($0, key: key) }
        if answer.isBlocked, mayChange {
            try await writer.flush()
            answer = try await find(about: key) { try ResultQueries.result($0, key: key) }
        }
        return answer.isBlocked ? nil : answer.known
    }

    /// The layers of a snapshot that an event named by its ChainID, lowest first; `nil` when no event did.
    ///
    /// Layers that this process named are given once that is committed, for which this waits.
    public func layers(ofChain chainID: ContentDigest) async throws -> [ContentDigest]? {
        // Asked before the tables are read: what is committed in between is found there.
        let mayChange = writer.isWaitingForLayers
        if let layers = try await find({ try ResultQueries.layers($0, chainID: chainID) }) { return layers }
        guard mayChange else { return nil }
        try await writer.flush()
        return try await find { try ResultQueries.layers($0, chainID: chainID) }
    }

    /// Asks the projection: at once where it is up to date, since a change of threads takes longer than a row does.
    private func find<Value: Sendable>(
        about key: ContentDigest? = nil,
        _ query: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        if let value = try index.lookUpNow(about: key, query) { return value }
        let index = index
        return try await Offload.run { try index.lookUp(query) }
    }
}
