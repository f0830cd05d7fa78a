// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// The public half of a key that signs notes: `name+8 hex digits+base64 of 0x01 and the 32 bytes`.
///
/// Source: c2sp.org/signed-note, "Verifier keys"; signature type 1 is Ed25519.
public struct NoteVerifier: Equatable, Sendable {
    /// The name under which it signs.
    public let name: String
    /// The 32 bytes of the Ed25519 public key.
    public let publicKey: [UInt8]

    /// Makes a verifier; the name may not be empty or hold a `+` or white space.
    public init(name: String, publicKey: [UInt8]) throws(KeyError) {
        guard Self.isName(name) else { throw .name(name) }
        guard publicKey.count == 32 else { throw .malformed }
        self.name = name
        self.publicKey = publicKey
    }

    /// Reads its text.
    public init(parsing text: String) throws(KeyError) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.bytes(parts[2]), bytes.count == 33, bytes[0] == 1 else {
            throw .malformed
        }
        try self.init(name: String(parts[0]), publicKey: Array(bytes[1...]))
        guard Hexadecimal.string(keyID) == parts[1] else { throw .malformed }
    }

    /// The first four bytes of SHA-256(name, newline, 0x01, public key).
    public var keyID: [UInt8] {
        Array(ContentDigest(of: Array(name.utf8) + [0x0A, 0x01] + publicKey).bytes.prefix(4))
    }

    /// Its text.
    public var text: String { "\(name)+\(Hexadecimal.string(keyID))+\(Base64.string([1] + publicKey))" }

    static func isName(_ name: String) -> Bool { !name.isEmpty && !name.contains { $0 == "+" || $0.isWhitespace } }
}

/// The secret half: `PRIVATE+KEY+name+8 hex digits+base64 of 0x01 and the 32 bytes of the seed`.
///
/// It has no textual `description`, so that it does not slip into messages.
///
/// Source: golang.org/x/mod/sumdb/note, "Generating a key"; the form that Go's and the C2SP tools write.
public struct NoteSigner: Sendable {
    /// The public half.
    public let verifier: NoteVerifier
    private let seed: [UInt8]

    /// Makes a key of 32 random bytes.
    public init(name: String, seed: [UInt8]) throws(KeyError) {
        guard let publicKey = Ed25519.publicKey(seed: seed) else { throw .malformed }
        verifier = try NoteVerifier(name: name, publicKey: publicKey)
        self.seed = seed
    }

    /// Reads its text; white space around it is passed over.
    public init(parsing text: String) throws(KeyError) {
        let parts = text.split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].drop(while: \.isWhitespace) == "PRIVATE", parts[1] == "KEY" else {
            throw .malformed
        }
        let body = parts[4].prefix { !$0.isWhitespace }
        guard let bytes = Base64.bytes(body), bytes.count == 33, bytes[0] == 1 else { throw .malformed }
        try self.init(name: String(parts[2]), seed: Array(bytes[1...]))
        guard Hexadecimal.string(verifier.keyID) == parts[3] else { throw .malformed }
    }

    /// Its text, for a file that only its owner reads.
    public var secretText: String {
        "PRIVATE+KEY+\(verifier.name)+\(Hexadecimal.string(verifier.keyID))+\(Base64.string([1] + seed))"
    }

    /// Signs a text that ends in a newline.
    public func sign(_ text: String) -> NoteSignature {
        guard let bytes = Ed25519.signature(of: Array(text.utf8), seed: seed) else {
            preconditionFailure("libcrypto offers no Ed25519")
        }
        return NoteSignature(name: verifier.name, keyID: verifier.keyID, bytes: bytes)
    }
}

/// A key that can't be used.
public enum KeyError: Fault, Equatable {
    /// The name is empty or holds a `+` or white space.
    case name(String)
    /// It is no Ed25519 key in the C2SP form.
    case malformed

    /// Always `.usage`.
    public var kind: FaultKind { .usage }

    /// One sentence.
    public var description: String {
        switch self {
        case .name(let name): "'\(name)' can't name a key; use a name without white space and '+'"
        case .malformed:
            "this is no Ed25519 note key; it should read PRIVATE+KEY+name+hash+base64 to sign, name+hash+base64 to verify"
        }
    }
}
