// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import PathPatterns

/// BuildKit's content hash of a tree: of each entry a hash over a header and the contents, and of each directory one
/// over the hashes of what is in it.
///
/// Source: moby/buildkit, `cache/contenthash/checksum.go` and `tarsum.go`.
struct BuildKitHash {
    private struct Record {
        /// The path with 0 for each `/`, a leading one included; a directory's own header has a 0 after it.
        let key: [UInt8]
        let isDirectory: Bool
        /// The digest; `nil` for a directory's contents, which is computed of the other records.
        let digest: ContentDigest?
    }

    private var records: [Record] = []

    /// Starts a tree whose root has the header of nothing, as BuildKit has it for contexts.
    init() {
        records.append(Record(key: [], isDirectory: true, digest: nil))
        records.append(Record(key: [0], isDirectory: false, digest: ContentDigest(of: "")))
    }

    /// What is hashed of an entry before its contents.
    static func header(_ node: ContextTree.Node) -> [UInt8] {
        var size: Int64 = 0
        var type = "0"
        var link: [UInt8] = []
        switch node.entry.content {
        case .directory: type = "5"
        case .symbolicLink(let target): (type, link) = ("2", target)
        case .file(let length, _): size = length
        case .hardLink: break
        }
        var out = Array("namemode\(node.entry.mode)uid0gid0size\(size)typeflag\(type)linkname".utf8)
        out += link
        out += Array("unamegnamedevmajor0devminor0".utf8)
        for attribute in node.entry.xattrs { out += attribute.name + attribute.value }
        return out
    }

    /// Adds the next entry; `file` is the hash over header and contents of a regular file.
    mutating func add(_ node: ContextTree.Node, file: ContentDigest?) {
        let key = [0] + node.entry.path.map { $0 == PathBytes.slash ? 0 : $0 }
        if node.entry.content == .directory {
            records.append(Record(key: key, isDirectory: true, digest: nil))
            let digest = ContentDigest(of: Self.header(node))
            records.append(Record(key: key + [0], isDirectory: false, digest: digest))
        } else {
            let digest = file ?? ContentDigest(of: Self.header(node))
            records.append(Record(key: key, isDirectory: false, digest: digest))
        }
    }

    /// The digest of the root.
    mutating func finish() -> String {
        records.sort { $0.key.precedes($1.key) }
        var known: [Int: ContentDigest] = [:]
        // Directories after all that is in them, so that nothing nests.
        for index in records.indices.reversed() where records[index].isDirectory {
            known[index] = directoryDigest(index, known)
        }
        return (known[0] ?? ContentDigest(of: "")).description
    }

    private func directoryDigest(_ index: Int, _ known: [Int: ContentDigest]) -> ContentDigest {
        let key = records[index].key
        let prefix = key + [0]
        var hasher = SHA256Hasher()
        var at = index + 1
        while at < records.count, records[at].key.starts(with: prefix) {
            hasher.update(Array(records[at].key.dropFirst(key.count)))
            hasher.update(Array((records[at].digest ?? known[at] ?? ContentDigest(of: "")).description.utf8))
            // What is in a directory counts by its digest only. The bound is BuildKit's own: names that start with
            // the byte 0xFF lie beyond it, and count once more.
            at = records[at].isDirectory ? firstRecord(from: records[at].key + [0, 0xFF], after: at) : at + 1
        }
        return hasher.digest()
    }

    private func firstRecord(from key: [UInt8], after index: Int) -> Int {
        var low = index + 1
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if records[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
