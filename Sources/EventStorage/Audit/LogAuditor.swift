// SPDX-License-Identifier: Apache-2.0

import BuildEvents
import BuildModel
import GRDB
import Glibc
import SystemPackage

/// Reads a log that may be damaged, and says of each thing that is wrong where it is.
struct LogAuditor {
    private let files: LogFiles
    private var findings: [LogFinding] = []
    private var recovered: [ClosedRange<Int64>] = []
    private var checkpoints: [(seq: Int64, head: TreeHead)] = []

    init(files: LogFiles) throws {
        guard unsafe access(files.log.string, F_OK) == 0 else { throw EventLogError.absent(path: files.log.string) }
        self.files = files
    }

    /// Audits everything.
    mutating func run() -> LogAudit {
        var events: Int64 = 0
        var head: TreeHead?
        do {
            let database = try Connections.open(files.log, isReadOnly: true)
            try database.read { database in
                checkSchema(database)
                let rows = TolerantRows(database)
                findings += rows.findings
                (events, head) = checkEvents(rows, database)
                checkCheckpoints(rows)
            }
        } catch {
            findings.append(LogFinding(nil, "\(files.log): can't be read: \(Self.words(error))"))
        }
        if findings.isEmpty { findings += IndexAuditor(files: files).findings() }
        return LogAudit(events: events, head: head, findings: Self.joined(findings), recovered: recovered)
    }

    /// Compares the first events with a checkpoint.
    func findings(against head: TreeHead) -> [LogFinding] {
        do {
            return try Connections.open(files.log, isReadOnly: true).read { database in
                let rows = TolerantRows(database)
                guard rows.count >= head.size else {
                    let problem = "are gone: the checkpoint covers \(head.size) events, the log has \(rows.count)"
                    return [LogFinding(rows.count + 1...head.size, problem)]
                }
                var frontier = MerkleFrontier()
                var unreadable: [LogFinding] = []
                rows.forEach(through: head.size) { seq, row in
                    if let row {
                        frontier.append(row.event.leaf)
                    } else {
                        unreadable.append(LogFinding(seq, "can't be read"))
                    }
                }
                if !unreadable.isEmpty { return Self.joined(unreadable) }
                guard frontier.root != head.root else { return [] }
                return [
                    LogFinding(
                        1...max(head.size, 1),
                        "are not those of the checkpoint: their root is \(frontier.root), not \(head.root)"
                    )
                ]
            }
        } catch { return [LogFinding(nil, "\(files.log): can't be read: \(Self.words(error))")] }
    }

    static func words(_ error: any Error) -> String {
        (error as? DatabaseError).map { $0.message ?? "\($0.resultCode)" } ?? "\(error)"
    }

    private mutating func checkSchema(_ database: Database) {
        do {
            if try !LogSchema.check(database, path: files.log) {
                findings.append(LogFinding(nil, "\(files.log): has no tables"))
            }
        } catch { findings.append(LogFinding(nil, "\(error)")) }
        do {
            var expected = Dictionary(uniqueKeysWithValues: LogSchema.objects.map { ($0.name, $0.sql) })
            let rows = try Row.fetchAll(database, sql: "SELECT name, sql FROM sqlite_schema ORDER BY name")
            for row in rows {
                let (name, sql): (String, String?) = (row[0], row[1])
                guard let text = expected.removeValue(forKey: name) else {
                    findings.append(LogFinding(nil, "the log's schema holds '\(name)', which is not part of it"))
                    continue
                }
                if text != sql { findings.append(LogFinding(nil, "the log's schema has another '\(name)'")) }
            }
            for name in expected.keys.sorted() { findings.append(LogFinding(nil, "the log's schema lacks '\(name)'")) }
            for problem in try String.fetchAll(database, sql: "PRAGMA quick_check(20)") where problem != "ok" {
                findings.append(LogFinding(nil, "SQLite's own check of the log: \(problem)"))
            }
        } catch { findings.append(LogFinding(nil, "the log's schema can't be read: \(Self.words(error))")) }
    }

    /// Recomputes leaves and nodes; returns how many events could be read, and the head if all could.
    private mutating func checkEvents(_ rows: TolerantRows, _ database: Database) -> (Int64, TreeHead?) {
        var tree = TreeAuditor(database)
        var frontier = MerkleFrontier()
        var events: Int64 = 0
        var found: [LogFinding] = []
        var stands: [ClosedRange<Int64>] = []
        var noted: [(Int64, TreeHead)] = []
        rows.forEach(through: rows.count) { seq, row in
            guard let row else {
                found.append(LogFinding(seq, "can't be read"))
                tree.append(nil)
                return
            }
            events += 1
            let leaf = row.event.leaf
            frontier.append(leaf)
            tree.append(row.leaf)
            if row.leaf != leaf { found.append(LogFinding(seq, "is not what was appended: its leaf hash differs")) }
            do throws(WireError) {
                switch try row.event.recorded().event {
                case .logCheckpointed(let payload):
                    noted.append((seq, TreeHead(size: payload.size, root: payload.root)))
                case .logRecovered: stands.append(seq...seq)
                default: break
                }
            } catch {
                guard row.leaf == leaf else { return }
                found.append(LogFinding(seq, "does not have the form of its kind: \(error.member) \(error.problem)"))
            }
        }
        findings += found + tree.findings
        recovered = stands
        checkpoints = noted
        return (events, events == rows.count ? frontier.head : nil)
    }

    /// The heads that the log itself noted, as far as no rescue put something else among their events.
    private mutating func checkCheckpoints(_ rows: TolerantRows) {
        guard !checkpoints.isEmpty, findings.isEmpty else { return }
        let sound = checkpoints.filter { noted in
            !recovered.contains { $0.lowerBound <= noted.head.size }
        }
        var frontier = MerkleFrontier()
        var wanted = Dictionary(grouping: sound, by: \.head.size)
        let last = sound.map(\.head.size).max() ?? 0
        rows.forEach(through: min(last, rows.count)) { seq, row in
            if let row { frontier.append(row.event.leaf) }
            for noted in wanted.removeValue(forKey: seq) ?? [] where noted.head.root != frontier.root {
                findings.append(LogFinding(noted.seq, "notes a head that the events before it do not have"))
            }
        }
        for noted in wanted.values.flatMap({ $0 }) where noted.head.size > 0 {
            findings.append(LogFinding(noted.seq, "notes a head of more events than there are"))
        }
    }

    /// Runs of events with the same problem become one finding.
    static func joined(_ findings: [LogFinding]) -> [LogFinding] {
        var out: [LogFinding] = []
        for finding in findings {
            if let last = out.last, let before = last.seqs, let seqs = finding.seqs, last.problem == finding.problem,
                seqs.lowerBound == before.upperBound + 1
            {
                out[out.count - 1] = LogFinding(before.lowerBound...seqs.upperBound, last.problem)
            } else {
                out.append(finding)
            }
        }
        return out
    }
}
