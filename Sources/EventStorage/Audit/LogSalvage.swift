// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import BuildEvents
import GRDB
import Glibc
public import SystemPackage

/// What a rescue did.
public struct LogSalvage: Equatable, Sendable {
    /// Events kept.
    public var kept: Int64
    /// Events lost, by seq; what was cut off at the end leaves no trace and is not among them.
    public var lost: [ClosedRange<Int64>]
    /// The folder in which the damaged files are now.
    public var damaged: FilePath
}

extension EventLog {
    /// Saves every event that still verifies into a new log, puts the damaged one aside and says what is lost.
    ///
    /// Kept events keep their `seq`, their bytes and so their leaf hash. Where one is lost stands a `log.recovered`
    /// that says so, and one more at the end tells the whole. A checkpoint over a lost event can be compared with the
    /// log that was put aside alone.
    ///
    /// - Throws: `EventLogError.inUse` while another process holds the log open, `.absent` where there is none;
    ///   nothing is changed then.
    public static func salvage(root: FilePath, clock: any WallClock) throws -> LogSalvage {
        let files = LogFiles(root: root)
        guard unsafe access(files.log.string, F_OK) == 0 else { throw EventLogError.absent(path: files.log.string) }
        let use = try LogUse.exclusive(of: files)
        defer { withExtendedLifetime(use) {} }
        return try LogRescue(files: files, clock: clock).run()
    }
}

/// A rescue of a damaged log that nobody uses.
struct LogRescue {
    let files: LogFiles
    let clock: any WallClock

    func run() throws -> LogSalvage {
        let writeAheadLog = FilePath(files.log.string + "-wal")
        let pages = LogPages(
            file: try WholeFile.read(files.log) ?? [],
            writeAheadLog: try WholeFile.read(writeAheadLog) ?? []
        )
        let rescued = RescuedEvents(pages)
        let aside = try putAside([files.log, writeAheadLog])
        let made = FilePath(files.log.string + ".rescued")
        try write(rescued, to: made, aside: aside)
        try replace(with: made)
        return LogSalvage(kept: Int64(rescued.kept.count), lost: rescued.lost, damaged: aside)
    }

    /// Copies the files into a folder of their own, and makes the copies durable.
    private func putAside(_ paths: [FilePath]) throws -> FilePath {
        let folder = files.damaged.appending(clock.now().rfc3339)
        for path in [files.damaged, folder] {
            guard unsafe mkdir(path.string, 0o700) == 0 || currentErrno() == EEXIST else {
                throw SystemCallError("mkdir", path.string)
            }
        }
        for path in paths where unsafe access(path.string, F_OK) == 0 {
            guard let name = path.lastComponent else { continue }
            let copy = folder.appending(name)
            try Self.write(try WholeFile.read(path) ?? [], to: copy)
        }
        try Self.sync(folder)
        return folder
    }

    private func write(_ rescued: RescuedEvents, to path: FilePath, aside: FilePath) throws {
        for suffix in ["", "-wal", "-shm"] { unsafe unlink(path.string + suffix) }
        try Connections.translating(path) {
            let database = try Connections.open(path) { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try database.writeWithoutTransaction { database in
                try LogSchema.create(database)
                try database.inTransaction(.immediate) {
                    var appender = try LogAppender(database, count: 0, known: nil, path: path)
                    for seq in stride(from: Int64(1), through: rescued.last, by: 1) {
                        let event = rescued.kept[seq] ?? standIn(seq, LogRecovered(kept: 0, lost: ["\(seq)"]))
                        try appender.append(event)
                    }
                    let lost = rescued.lost.map {
                        $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
                    }
                    let whole = LogRecovered(
                        kept: Int64(rescued.kept.count),
                        lost: lost,
                        happened: ["damaged": .string(aside.string)]
                    )
                    try appender.append(standIn(rescued.last + 1, whole))
                    return .commit
                }
                // The file is moved alone, so nothing may be left in its write-ahead log.
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try database.close()
        }
    }

    private func standIn(_ seq: Int64, _ payload: LogRecovered) -> StoredEvent {
        StoredEvent(RecordedEvent(seq: seq, build: nil, time: clock.now(), event: .logRecovered(payload)))
    }

    /// Puts the new log in the old one's place. The copy is durable, so a kill at any point loses nothing.
    private func replace(with made: FilePath) throws {
        let root = files.root.string
        for name in ["log.sqlite-wal", "log.sqlite-shm", "index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            guard unsafe unlink(root + "/" + name) == 0 || currentErrno() == ENOENT else {
                throw SystemCallError("unlink", root + "/" + name)
            }
        }
        guard unsafe rename(made.string, files.log.string) == 0 else { throw SystemCallError("rename", made.string) }
        try Self.sync(files.root)
    }

    private static func write(_ bytes: [UInt8], to path: FilePath) throws {
        do {
            let file = try FileDescriptor.open(
                path,
                .writeOnly,
                options: [.create, .truncate, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o600)
            )
            try file.closeAfter {
                try file.writeAll(bytes)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: currentErrno()) }
            }
        } catch let error as Errno { throw SystemCallError("write", path.string, code: error.rawValue) }
    }

    private static func sync(_ folder: FilePath) throws {
        do {
            let file = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
            try file.closeAfter { guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: currentErrno()) } }
        } catch let error as Errno { throw SystemCallError("fsync", folder.string, code: error.rawValue) }
    }
}

/// The events of damaged pages that verify.
struct RescuedEvents {
    /// By seq.
    private(set) var kept: [Int64: StoredEvent] = [:]
    /// The highest `seq` of which there is a trace.
    private(set) var last: Int64 = 0
    /// The seqs up to `last` without an event.
    private(set) var lost: [ClosedRange<Int64>] = []

    init(_ pages: LogPages) {
        for (seq, rows) in pages.events {
            // A row whose leaf column alone is damaged verifies by the node above it.
            let row = rows.first(where: \.isIntact) ?? rows.first { Self.isUnderNode($0.event, pages) }
            if let row { kept[seq] = row.event }
        }
        last = kept.keys.max() ?? 0
        var next: Int64 = 1
        for seq in kept.keys.sorted() {
            if seq > next { lost.append(next...seq - 1) }
            next = seq + 1
        }
    }

    private static func isUnderNode(_ event: StoredEvent, _ pages: LogPages) -> Bool {
        let index = event.seq - 1
        let siblings = pages.events[(index ^ 1) + 1] ?? []
        let nodes = pages.nodes[MerkleNode(level: 1, index: index >> 1).order] ?? []
        return siblings.contains { sibling in
            let (left, right) = index & 1 == 0 ? (event, sibling.event) : (sibling.event, event)
            return nodes.contains(MerkleTree.nodeHash(left.leaf, right.leaf))
        }
    }
}
