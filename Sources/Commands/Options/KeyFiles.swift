// SPDX-License-Identifier: Apache-2.0

import Audit
import BuildEngine
import BuildEvents
import SystemPackage

/// Keys that a command line names, and the one that a data root has of its own.
enum KeyFiles {
    private static let limit = 1 << 16

    /// Where the data root's own key lies, if `reel log key new` made one.
    static func own(in root: FilePath) -> String { root.appending("log.key").string }

    /// The key in a file.
    ///
    /// - Throws: `KeyError` for what is no signing key, `UsageError` where there is no such file.
    static func signer(in file: String, for console: Console) throws -> NoteSigner {
        let bytes = try InputFile.read(console.environment.absolute(file), limit: limit)
        return try NoteSigner(parsing: String(decoding: bytes, as: UTF8.self))
    }

    /// The key that signs: the one given, else the data root's own; `nil` where there is neither.
    static func signer(given: String?, store: StoreOptions, for console: Console) throws -> NoteSigner? {
        if let given { return try signer(in: given, for: console) }
        let own = own(in: store.path(in: console))
        return FileKind.exists(own) ? try signer(in: own, for: console) : nil
    }

    /// The checkpoint in a file, signed by `verifier` if one is named.
    static func checkpoint(in file: String, verifier: String?, for console: Console) throws -> GivenCheckpoint {
        let verifier = try verifier.map { try self.verifier($0, for: console) }
        let bytes = try InputFile.read(console.environment.absolute(file), limit: limit)
        return try GivenCheckpoint(bytes, name: file, verifier: verifier)
    }

    /// A verifier: its text, or a file that holds it.
    static func verifier(_ text: String, for console: Console) throws -> NoteVerifier {
        if text.contains("+"), !FileKind.exists(console.environment.absolute(text)) {
            return try NoteVerifier(parsing: text)
        }
        let bytes = try InputFile.read(console.environment.absolute(text), limit: limit)
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        return try NoteVerifier(parsing: String(line))
    }
}
