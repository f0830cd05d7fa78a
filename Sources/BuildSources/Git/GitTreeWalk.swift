// SPDX-License-Identifier: Apache-2.0

/// Lists what is in a commit's tree, checked name by name.
struct GitTreeWalk {
    /// More entries than this are taken for an attack.
    static let mostEntries = 2_000_000

    let remote: String
    let names: GitNames
    /// The length of a hash in a tree.
    let hashLength: Int
    /// The bytes of a tree object.
    let read: @Sendable (GitObjectID) throws -> [UInt8]

    /// The entries of one tree object: mode, name and hash, in the tree's order.
    ///
    /// Source: gitformat-pack manual and git's `tree-walk.c`: `MODE SP NAME NUL HASH`, the mode in octal digits.
    func parse(_ bytes: [UInt8], at parent: [UInt8]) throws(GitError) -> [(
        name: ArraySlice<UInt8>, kind: GitEntry.Kind, id: GitObjectID
    )] {
        var entries: [(name: ArraySlice<UInt8>, kind: GitEntry.Kind, id: GitObjectID)] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), space - rest.startIndex <= 7,
                let mode = UInt32(String(decoding: rest[..<space], as: UTF8.self), radix: 8),
                let end = rest[space...].firstIndex(of: 0), rest.endIndex - end > hashLength,
                let id = GitObjectID(bytes: rest[(end + 1)...(end + hashLength)])
            else { throw GitError(remote, .tree("its folder '\(ContextPath.text(parent))' is no valid tree")) }
            let name = rest[(space + 1)..<end]
            try names.check(name, in: parent)
            guard let kind = GitEntry.Kind(mode: mode) else {
                throw GitError(
                    remote,
                    .tree(
                        "'\(ContextPath.text(name))' in its folder '\(ContextPath.text(parent))' has the mode \(String(mode, radix: 8)), which git has not"
                    )
                )
            }
            entries.append((name, kind, id))
            rest = rest[(end + 1 + hashLength)...]
        }
        try names.checkFolded(entries.map(\.name), in: parent)
        return entries
    }

    /// Follows the folders `parts` down from `root`.
    ///
    /// - Throws: `GitError` for what is missing, a file, or a symbolic link, which is never followed.
    func descend(_ parts: [[UInt8]], from root: GitObjectID) throws -> GitObjectID {
        var tree = root
        var path: [UInt8] = []
        for part in parts {
            let entry = try parse(try read(tree), at: path).first { $0.name.elementsEqual(part) }
            path += (path.isEmpty ? [] : [0x2F]) + part
            let text = ContextPath.text(path)
            switch entry?.kind {
            case .directory: tree = entry?.id ?? tree
            case nil: throw GitError(remote, .request("the commit has no folder '\(text)'"))
            case .symbolicLink:
                throw GitError(
                    remote,
                    .request(
                        "the subdirectory '\(text)' is a symbolic link, which is not followed; name the folder itself"
                    )
                )
            case .submodule:
                throw GitError(remote, .request("the subdirectory '\(text)' is a submodule; name its own repository"))
            case .file: throw GitError(remote, .request("the subdirectory '\(text)' is a file"))
            }
        }
        return tree
    }

    /// Everything below `root`, the root itself left out, with `prefix` before each path; in no special order.
    func entries(below root: GitObjectID, prefix: [UInt8] = []) throws -> [GitEntry] {
        var found: [GitEntry] = []
        var pending: [(id: GitObjectID, path: [UInt8])] = [(root, prefix)]
        while let (id, path) = pending.popLast() {
            for entry in try parse(try read(id), at: path) {
                let whole = path.isEmpty ? Array(entry.name) : path + [0x2F] + entry.name
                if entry.kind == .directory { pending.append((entry.id, whole)) }
                found.append(GitEntry(path: whole, kind: entry.kind, id: entry.id))
            }
            guard found.count <= Self.mostEntries else {
                throw GitError(remote, .tree("it has more than \(Self.mostEntries) entries"))
            }
        }
        return found
    }
}
