// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEvents
import BuildModel
import EventStorage

/// Proves to somebody who has a checkpoint that the log holds an event, or that it only grew.
struct LogProveCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove that events are in the log, or that it only grew since a checkpoint.",
        discussion: """
            Prints JSON: with --event an array of inclusion proofs, with --since a consistency proof (RFC 6962). \
            'Docs/verify/verify.py' checks both without reel.
            """
    )

    @Option(help: ArgumentHelp("Prove that this event is in the log; repeatable.", valueName: "SEQ"))
    var event: [Int64] = []

    @Option(
        help: ArgumentHelp("Prove that the log begins as this checkpoint says.", valueName: "CHECKPOINT"),
        completion: .file()
    )
    var since: String?

    @Option(
        help: ArgumentHelp("The checkpoint that the proof leads to; else the log as it is now.", valueName: "FILE"),
        completion: .file()
    )
    var checkpoint: String?

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        guard event.isEmpty != (since == nil) else { throw UsageError("give either --event SEQ or --since CHECKPOINT") }
        let log = try store.log(for: console)
        let newer = try given(checkpoint, in: log, for: console)
        let size = try newer?.size ?? log.count()
        if let older = try given(since, in: log, for: console) {
            guard older.size <= size else {
                throw UsageError("the checkpoint of --since covers \(older.size) events, that of --checkpoint \(size)")
            }
            console.print(try log.consistencyProof(from: older.size, to: size).json)
        } else {
            let proofs = try event.sorted().map { try log.inclusionProof(of: $0, size: size).json }
            console.output.write(JSONValue.array(proofs).canonicalText + "\n")
        }
        return 0
    }

    /// The head that a checkpoint in a file gives, which must be one of this log.
    private func given(_ file: String?, in log: EventLog, for console: Console) throws -> TreeHead? {
        guard let file else { return nil }
        let given = try KeyFiles.checkpoint(in: file, verifier: nil, for: console)
        try given.check(against: log)
        return given.checkpoint.head
    }
}
