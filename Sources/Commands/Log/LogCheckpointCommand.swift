// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEngine
import BuildEvents
import BuildModel

/// Signs the head of the log.
struct LogCheckpointCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Write down the head of the log, signed if there is a key.",
        discussion: """
            What is printed is a C2SP note. Keep it elsewhere: whoever has it can tell later whether any event before it \
            was changed, removed or reordered ('reel audit --checkpoint', 'reel log prove --since').
            """
    )

    @Option(
        help: ArgumentHelp("Sign with this key; else with the data root's own, if any.", valueName: "FILE"),
        completion: .file()
    )
    var key: String?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the note to a file in place of standard output.", valueName: "FILE"),
        completion: .file()
    )
    var output: String?

    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let signer = try KeyFiles.signer(given: key, store: store, for: console)
        _ = try store.log(for: console)
        let engine = try store.engine(for: console)
        let note = try await engine.checkpoint(signedBy: signer)
        if let output {
            try InputFile.write(Array(note.encoded.utf8), to: console.environment.absolute(output))
        } else {
            console.output.write(note.encoded)
        }
        return 0
    }
}
