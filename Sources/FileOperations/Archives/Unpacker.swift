// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// Puts what an archive holds into a directory, which nothing of it leaves.
///
/// A file replaces whatever is in its way; directories are merged, and take the archive's attributes where it states
/// them. Links in the directory are followed within it.
///
/// Source: moby/go-archive, `archive.go`, `Unpack`.
struct Unpacker {
    private let tree: FileTree
    private let root: TreeNode
    private let owner: OwnerNumbers?
    private let view: LayerView
    private let path: String
    private var made: [LinkIdentity: TreeNode] = [:]

    init(_ view: LayerView, named path: String, to root: TreeNode, of tree: FileTree, owner: OwnerNumbers?) {
        self.view = view
        self.path = path
        self.root = root
        self.tree = tree
        self.owner = owner
    }

    mutating func unpack() throws { try unpack(view.root, as: []) }

    private mutating func unpack(_ directory: ViewEntry, as names: [[UInt8]]) throws {
        for entry in try view.children(of: directory) {
            let names = names + [Array(entry.name)]
            let node = try place(entry, names)
            guard entry.kind == .directory else { continue }
            try unpack(entry, as: names)
            // What was put into the directory has changed its time.
            if let node { node.attributes.modified = entry.attributes.modified }
        }
    }

    /// Makes one entry; gives back a directory whose attributes the archive states.
    private mutating func place(_ entry: ViewEntry, _ names: [[UInt8]]) throws -> TreeNode? {
        guard entry.kind != .whiteout, !entry.isOpaque else {
            let reason = "'\(entry.displayPath)' is a whiteout, which a layer would take as a removal"
            throw PathFailure.reason(.archive(path: path, reason: reason))
        }
        let folder = try tree.resolve(Array(names.dropLast()), from: root)
        guard let name = names.last, let parent = folder.node, parent.directory != nil else {
            throw PathFailure.reason(.notDirectory(path: folder.display))
        }
        let existing = try parent.directory?.member(name)
        if entry.kind == .directory {
            return try placeDirectory(entry, named: name, in: parent, over: existing, names)
        }
        if existing != nil { tree.remove(name, in: parent) }
        if entry.linkCount > 1, let first = made[.entry(entry.identity)] {
            tree.link(first, as: name, in: parent)
            return nil
        }
        let shown = TreeNode(showing: entry, of: view)
        let node = TreeNode(attributes(of: entry), shown.body)
        if entry.linkCount > 1 { made[.entry(entry.identity)] = node }
        tree.put(node, as: name, in: parent)
        return nil
    }

    private func placeDirectory(
        _ entry: ViewEntry,
        named name: [UInt8],
        in parent: TreeNode,
        over existing: TreeNode?,
        _ names: [[UInt8]]
    ) throws -> TreeNode? {
        if try view.isImplied(entry) {
            // Whatever leads to a directory will do for one that the archive does not state.
            guard existing == nil else { return nil }
            tree.put(.directory(mode: 0o755, owner: nil, modified: tree.now), as: name, in: parent)
            return nil
        }
        if let existing, existing.directory != nil {
            let xattrs = existing.attributes.xattrs
            existing.attributes = attributes(of: entry)
            existing.attributes.xattrs = xattrs
            existing.attributes.setExtended(entry.attributes.xattrs)
            return existing
        }
        let node = TreeNode(attributes(of: entry), .directory(TreeDirectory()))
        tree.put(node, as: name, in: parent)
        return node
    }

    private func attributes(of entry: ViewEntry) -> FileAttributes {
        var attributes = entry.attributes
        attributes.uid = owner?.uid ?? attributes.uid
        attributes.gid = owner?.gid ?? attributes.gid
        return attributes
    }
}
