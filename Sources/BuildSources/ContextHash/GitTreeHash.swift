// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import PathPatterns

/// Git's object names, of either kind.
///
/// Source: git, `gitformat-pack`, "object types"; `Documentation/technical/hash-function-transition`.
enum GitObjects {
    /// The name of an object: the hash of kind, length and contents.
    static func name(_ kind: StaticString, _ contents: [UInt8], sha256: Bool) -> [UInt8] {
        let header = header(kind, Int64(contents.count))
        if sha256 { return ContentDigest(of: header + contents).bytes }
        var hasher = SHA1Hasher()
        hasher.update(header)
        hasher.update(contents)
        return hasher.finish()
    }

    static func header(_ kind: StaticString, _ size: Int64) -> [UInt8] { Array("\(kind) \(size)".utf8) + [0] }

    /// Whether git refuses or overlooks a file or directory of that name, on every system.
    ///
    /// Source: git, `path.c`, `is_ntfs_dotgit`, which `core.protectNTFS` has called since git 2.24.
    static func isReserved(_ name: ArraySlice<UInt8>) -> Bool {
        let lower = name.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }
        let rest: ArraySlice<UInt8>
        if lower.starts(with: ".git".utf8) {
            rest = lower.dropFirst(4)
        } else if lower.starts(with: "git~1".utf8) {
            rest = lower.dropFirst(5)
        } else {
            return false
        }
        let after = rest.drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: " ") }
        return after.isEmpty || after.first == UInt8(ascii: "\\") || after.first == UInt8(ascii: ":")
    }
}

/// Puts together a git tree from entries in the order of a walk.
///
/// Empty directories are left out, since git can't have them, and so is a `.git` in the root, which is git's own.
struct GitTreeHash {
    private struct Item {
        let name: [UInt8]
        let mode: StaticString
        let object: [UInt8]
        /// What git sorts by: directories as if a `/` followed.
        let key: [UInt8]
    }

    private let sha256: Bool
    /// The directories around the current place, the root first: name and items so far.
    private var open: [(name: [UInt8], items: [Item])] = [([], [])]

    init(sha256: Bool) { self.sha256 = sha256 }

    /// The first entry that git refuses; a `.git` in the root is no reason, it is left out.
    static func refusal(_ format: ContextHashFormat, _ tree: ContextTree) -> ContextHashRefusal? {
        for node in tree.nodes where !isGitFolder(node) {
            if GitObjects.isReserved(node.name) {
                return ContextHashRefusal(format, node.entry.path, "git keeps this name to itself")
            }
            if case .symbolicLink = node.entry.content,
                String(decoding: node.name, as: UTF8.self).lowercased() == ".gitmodules"
            {
                return ContextHashRefusal(format, node.entry.path, "git takes no symbolic link of this name")
            }
        }
        return nil
    }

    /// Whether it is the repository itself, or in it.
    static func isGitFolder(_ node: ContextTree.Node) -> Bool {
        node.entry.path.starts(with: ".git".utf8)
            && (node.entry.path.count == 4 || node.entry.path[4] == PathBytes.slash)
    }

    /// Adds the next entry; `blob` is the object of a regular file.
    mutating func add(_ node: ContextTree.Node, blob: [UInt8]?) {
        guard !Self.isGitFolder(node) else { return }
        while open.count - 1 > node.depth { closeDirectory() }
        let name = Array(node.name)
        switch node.entry.content {
        case .directory: open.append((name, []))
        case .symbolicLink(let target):
            append(Item(name: name, mode: "120000", object: GitObjects.name("blob", target, sha256: sha256), key: name))
        case .file, .hardLink:
            append(Item(name: name, mode: node.isExecutable ? "100755" : "100644", object: blob ?? [], key: name))
        }
    }

    private mutating func append(_ item: Item) { open[open.count - 1].items.append(item) }

    private mutating func closeDirectory() {
        let (name, items) = open.removeLast()
        guard !items.isEmpty else { return }
        append(Item(name: name, mode: "40000", object: tree(items), key: name + [PathBytes.slash]))
    }

    private func tree(_ items: [Item]) -> [UInt8] {
        var contents: [UInt8] = []
        for item in items.sorted(by: { $0.key.precedes($1.key) }) {
            contents.append(contentsOf: "\(item.mode) ".utf8)
            contents.append(contentsOf: item.name)
            contents.append(0)
            contents.append(contentsOf: item.object)
        }
        return GitObjects.name("tree", contents, sha256: sha256)
    }

    /// The object name of the root, in hexadecimal.
    mutating func finish() -> String {
        while open.count > 1 { closeDirectory() }
        return Hexadecimal.string(tree(open[0].items))
    }
}
