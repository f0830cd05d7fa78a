// SPDX-License-Identifier: Apache-2.0

import BuildModel

/// A text that stands in a repository for a large file, which an LFS server has.
///
/// Source: git-lfs, `docs/spec.md`, "The Pointer".
struct LargeFilePointer: Hashable, Sendable {
    /// The SHA-256 of the file.
    let digest: ContentDigest
    /// Its length in bytes.
    let size: Int64

    private static let beginning = Array("version https://git-lfs.github.com/spec/v1\n".utf8)
    /// Pointers are shorter than this.
    static let limit: Int64 = 1024

    /// Whether bytes begin as a pointer does.
    static func looksLike(_ bytes: [UInt8]) -> Bool { bytes.count < limit && bytes.starts(with: beginning) }

    /// Reads a pointer; `nil` for anything else.
    init?(_ bytes: [UInt8]) {
        guard Self.looksLike(bytes) else { return nil }
        var fields: [Substring: Substring] = [:]
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        guard let digest = fields["oid"].flatMap({ try? ContentDigest(parsing: $0) }),
            let size = fields["size"].flatMap({ Int64($0) }), size >= 0
        else { return nil }
        self.digest = digest
        self.size = size
    }
}
