// SPDX-License-Identifier: Apache-2.0

import BuildModel
import EventSamples
import Testing

@testable import BuildEvents

@Suite struct CheckpointTests {
    private let checkpoint = Checkpoint(
        origin: "example.org/log",
        head: TreeHead(size: 12, root: EventSamples.digest("r"))
    )

    @Test("Ed25519 gives the signatures of RFC 8032, section 7.1")
    func vectors() throws {
        func bytes(_ hex: String) -> [UInt8] {
            stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
        }
        let table = [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ]
        for (seed, key, message, signature) in table {
            #expect(Ed25519.publicKey(seed: bytes(seed)) == bytes(key))
            #expect(Ed25519.signature(of: bytes(message), seed: bytes(seed)) == bytes(signature))
            #expect(Ed25519.isValid(bytes(signature), of: bytes(message), publicKey: bytes(key)))
            #expect(!Ed25519.isValid(bytes(signature), of: bytes(message) + [0], publicKey: bytes(key)))
        }
    }

    @Test("Keys have the C2SP text, and read back")
    func keys() throws {
        let signer = try NoteSigner(name: "reel.example", seed: Array(0..<32))
        let again = try NoteSigner(parsing: signer.secretText + "\n")
        #expect(again.verifier == signer.verifier)
        #expect(try NoteVerifier(parsing: signer.verifier.text) == signer.verifier)
        for wrong in ["", "a+b", "name+00000000+AQ==", signer.secretText, "x" + signer.verifier.text] {
            #expect(throws: KeyError.self) { try NoteVerifier(parsing: wrong) }
        }
        #expect(throws: KeyError.self) { try NoteSigner(name: "a b", seed: Array(0..<32)) }
        #expect(throws: KeyError.self) { try NoteSigner(name: "a", seed: []) }
        #expect(throws: KeyError.self) { try NoteSigner(parsing: signer.verifier.text) }
    }

    @Test("The verifier key of the Go implementation's documentation is read")
    func publishedKey() throws {
        let key = try NoteVerifier(parsing: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        #expect(key.name == "PeterNeumann")
    }

    @Test("A note of the Go implementation's documentation verifies")
    func publishedNote() throws {
        let key = try NoteVerifier(parsing: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
        let note = try SignedNote(
            parsing: text
                + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        )
        #expect(note.text == text)
        #expect(note.isSigned(by: key))
    }

    @Test("A note is signed, reads back, and any change of its text breaks the signature")
    func notes() throws {
        let signer = try NoteSigner(name: "reel.example", seed: Array(0..<32))
        let other = try NoteSigner(name: "reel.example", seed: Array(1..<33))
        let note = checkpoint.note(signedBy: [other, signer])
        let read = try SignedNote(parsing: note.encoded)
        #expect(read == note)
        #expect(read.isSigned(by: signer.verifier))
        #expect(read.isSigned(by: other.verifier))
        #expect(try Checkpoint(parsing: read.text) == checkpoint)
        var changed = read
        changed.text = read.text.replacing("12", with: "13")
        #expect(!changed.isSigned(by: signer.verifier))
        #expect(!checkpoint.note(signedBy: [other]).isSigned(by: signer.verifier))
        #expect(try SignedNote(parsing: checkpoint.note(signedBy: []).encoded).signatures.isEmpty)
        #expect(try SignedNote(parsing: checkpoint.text).text == checkpoint.text)
    }

    @Test(
        "What is no checkpoint is refused",
        arguments: [
            "", "a\n", "a\n1\n", "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
            "a\n1\n47DEQpj8HBSa\n", "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        ]
    )
    func refused(text: String) {
        #expect(throws: CheckpointError.self) { try Checkpoint(parsing: text) }
    }

    @Test("Base 64 reads exactly what it writes")
    func base64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(Base64.bytes(Base64.string(bytes)) == bytes)
        }
        #expect(Base64.string(Array("foobar".utf8)) == "Zm9vYmFy")
        for wrong in ["A", "AA", "AAA", "AB==", "AAAA=", "AA=A", "A===", "AAA\n", "====", "AA=="].dropLast() {
            #expect(Base64.bytes(wrong) == nil, "\(wrong)")
        }
    }
}
