// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import PathPatterns

/// The lists of files and their SHA-256 that Go's module hashes and `sha256sum` use; neither needs to read contents.
///
/// Directories and permission bits are no part of them. A symbolic link stands for the file in the context that it
/// leads to, as it does when these tools open it.
///
/// Source: golang.org/x/mod, `sumdb/dirhash`, `Hash1`; GNU coreutils manual, "cksum output modes".
struct ChecksumList {
    private let manifest: ContextManifest

    init(_ manifest: ContextManifest) { self.manifest = manifest }

    /// The digest of every file that has a line, in byte order of the paths.
    private func files(_ format: ContextHashFormat) throws(ContextHashRefusal) -> [([UInt8], ContentDigest)] {
        var found: [([UInt8], ContentDigest)] = []
        for entry in manifest.entries where entry.content != .directory {
            guard let digest = digest(of: entry) else {
                throw ContextHashRefusal(format, entry.path, "the symbolic link leads to no file in the context")
            }
            found.append((entry.path, digest))
        }
        return found
    }

    /// The digest of what opening the entry would read.
    private func digest(of entry: ContextEntry) -> ContentDigest? {
        switch entry.content {
        case .directory: nil
        case .file(_, let digest): digest
        case .hardLink(let target): manifest.entry(at: target).flatMap(digest)
        case .symbolicLink: follow(entry.path).flatMap(digest)
        }
    }

    /// What is at the end of all symbolic links on `path`, if that is in the context.
    private func follow(_ path: [UInt8]) -> ContextEntry? {
        var rest = path.split(separator: PathBytes.slash).map(Array.init)
        var current: [UInt8] = []
        var links = 0
        while !rest.isEmpty {
            let name = rest.removeFirst()
            if name == [0x2E] { continue }
            if name == [0x2E, 0x2E] {
                guard !current.isEmpty else { return nil }
                current = PathBytes.parent(of: current)
                continue
            }
            let next = PathBytes.join(current, name)
            guard let entry = manifest.entry(at: next) else { return nil }
            switch entry.content {
            case .symbolicLink(let target):
                links += 1
                guard links <= 40, target.first != PathBytes.slash else { return nil }
                rest = target.split(separator: PathBytes.slash).map(Array.init) + rest
            case .directory: current = next
            case .file, .hardLink: return rest.isEmpty ? entry : nil
            }
        }
        return nil
    }

    /// Go's hash, with the list that it is a hash of.
    func h1() throws(ContextHashRefusal) -> ContextHashValue {
        if let entry = manifest.entries.first(where: { $0.content != .directory && $0.path.contains(10) }) {
            throw ContextHashRefusal(.h1, entry.path, "its name has a line feed")
        }
        var document: [UInt8] = []
        for (path, digest) in try files(.h1) {
            document.append(contentsOf: "\(digest.hex)  ".utf8)
            document.append(contentsOf: path)
            document.append(10)
        }
        let text = "h1:" + Base64.string(ContentDigest(of: document).bytes)
        return ContextHashValue(.h1, text, document: document)
    }

    /// The list that `sha256sum` prints, and its SHA-256.
    func sha256sums() throws(ContextHashRefusal) -> ContextHashValue {
        var document: [UInt8] = []
        for (path, digest) in try files(.sha256sums) {
            var name: [UInt8] = []
            for byte in path {
                switch byte {
                case 10: name += Array("\\n".utf8)
                case 13: name += Array("\\r".utf8)
                case ContextPath.backslash: name += Array("\\\\".utf8)
                default: name.append(byte)
                }
            }
            if name != path { document.append(ContextPath.backslash) }
            document.append(contentsOf: "\(digest.hex)  ".utf8)
            document.append(contentsOf: name)
            document.append(10)
        }
        return ContextHashValue(.sha256sums, ContentDigest(of: document).hex, document: document)
    }
}
