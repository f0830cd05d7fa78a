// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Testing

@Suite("ContentDigest")
struct ContentDigestTests {
    static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("The digests are those of FIPS 180-4", arguments: [("", Self.empty), ("abc", Self.abc)])
    func vectors(text: String, expected: String) throws {
        #expect(ContentDigest(of: text).description == expected)
        #expect(try ContentDigest(parsing: expected) == ContentDigest(of: text))
        #expect(try ContentDigest(bytes: ContentDigest(of: text).bytes) == ContentDigest(of: text))
    }

    @Test("Feeding in parts gives the digest of the whole, and a digest can be taken on the way")
    func incremental() {
        var hasher = SHA256Hasher()
        hasher.update(Array("a".utf8))
        #expect(hasher.digest() == ContentDigest(of: "a"))
        hasher.update(Array("bc".utf8))
        #expect(hasher.digest().description == Self.abc)
    }

    @Test(
        "Another spelling is refused",
        arguments: [
            "", "sha256:", "sha512:" + String(repeating: "0", count: 64), String(repeating: "0", count: 64),
            "sha256:" + String(repeating: "A", count: 64), "sha256:" + String(repeating: "0", count: 63),
            "sha256:" + String(repeating: "0", count: 65), "sha256:" + String(repeating: "g", count: 64),
        ]
    )
    func refused(text: String) {
        #expect(throws: DigestError.self) { try ContentDigest(parsing: text) }
    }

    @Test("Digests are ordered as their spellings are")
    func order() {
        let digests = (0..<50).map { ContentDigest(of: "\($0)") }
        #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    }
}
