// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A text with signatures under it.
///
/// Source: c2sp.org/signed-note.
public struct SignedNote: Equatable, Sendable {
    /// What is signed; ends in a newline.
    public var text: String
    /// The signatures; none for a checkpoint that was only written down.
    public var signatures: [NoteSignature]

    /// Makes a note.
    public init(text: String, signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    /// The text, an empty line, and a line `— name base64` for each signature.
    public var encoded: String {
        text + "\n" + signatures.map { "\u{2014} \($0.name) \(Base64.string($0.keyID + $0.bytes))\n" }.joined()
    }

    /// Reads a note; a text without signatures and without the empty line is read as well.
    ///
    /// - Throws: `CheckpointError` for anything else.
    public init(parsing encoded: String) throws(CheckpointError) {
        var lines = encoded.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.last == "" else { throw CheckpointError(problem: "does not end in a newline") }
        lines.removeLast()
        guard let gap = lines.lastIndex(of: "") else {
            self.init(text: encoded, signatures: [])
            return
        }
        var signatures: [NoteSignature] = []
        for line in lines[(gap + 1)...] {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0] == "\u{2014}", let bytes = Base64.bytes(parts[2]), bytes.count > 4 else {
                throw CheckpointError(problem: "has a line '\(line.prefix(80))' where a signature should be")
            }
            signatures.append(
                NoteSignature(name: String(parts[1]), keyID: Array(bytes[..<4]), bytes: Array(bytes[4...]))
            )
        }
        self.init(text: lines[..<gap].map { $0 + "\n" }.joined(), signatures: signatures)
    }

    /// Whether `verifier`'s key signed the text. Signatures by other keys are passed over.
    public func isSigned(by verifier: NoteVerifier) -> Bool {
        signatures.contains {
            $0.name == verifier.name && $0.keyID == verifier.keyID
                && Ed25519.isValid($0.bytes, of: Array(text.utf8), publicKey: verifier.publicKey)
        }
    }
}

/// One signature of a note.
public struct NoteSignature: Equatable, Sendable {
    /// The key's name.
    public var name: String
    /// The key's four bytes.
    public var keyID: [UInt8]
    /// The signature.
    public var bytes: [UInt8]

    /// Makes a signature of its parts.
    public init(name: String, keyID: [UInt8], bytes: [UInt8]) {
        self.name = name
        self.keyID = keyID
        self.bytes = bytes
    }
}

extension Checkpoint {
    /// The checkpoint as a note under the signers' names; without signers it is only written down.
    public func note(signedBy signers: [NoteSigner]) -> SignedNote {
        SignedNote(text: text, signatures: signers.map { $0.sign(text) })
    }
}
