// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Audit
import BuildEngine
import BuildEvents
import BuildModel
import SystemPackage

/// Takes a recording in.
struct ImportCommand: ReelCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in the recording of a build.",
        discussion: """
            Everything in it is verified before anything is kept. The build keeps its id: 'reel history', 'reel replay', \
            'reel audit' and 'reel export' work on it as on one of this machine.
            """
    )

    @Argument(
        help: ArgumentHelp("The recording, as 'reel export recording' wrote it.", valueName: "FILE"),
        completion: .file()
    )
    var file: String

    @Option(
        name: .customLong("verifier-key"),
        help: ArgumentHelp("Who must have signed its checkpoint: a verifier key, or a file with one.", valueName: "KEY")
    )
    var verifierKey: String?

    @OptionGroup var form: JSONOptions
    @OptionGroup var store: StoreOptions

    func perform(on console: Console) async throws -> Int32 {
        let verifier = try verifierKey.map { try KeyFiles.verifier($0, for: console) }
        let engine = try store.engine(for: console)
        let result = try await engine.importRecording(FilePath(file), verifier: verifier)
        if form.json {
            console.print([
                "id": .string(result.build.description), "manifest": JSONValue(result.manifest),
                "events": JSONValue(result.events), "thin": .boolean(result.isThin),
                "signers": JSONValue(result.signers), "size": .integer(result.head.size),
                "root": JSONValue(result.head.root), "new": .boolean(result.isNew),
            ])
            return 0
        }
        let signed =
            result.signers.isEmpty
            ? "unsigned"
            : "signed by \(result.signers.joined(separator: ", "))\(verifier == nil ? ", which was not checked" : "")"
        let what = result.isNew ? "imported" : "is here already"
        console.print("\(result.build) \(what): \(result.events) events, \(signed)\(result.isThin ? ", thin" : "")")
        return 0
    }
}
