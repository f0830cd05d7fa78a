// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import Layers
import PathPatterns

/// Carries out one copy, in the order of effects that BuildKit's has.
///
/// Source: tonistiigi/fsutil, `copy/copy.go`; BuildKit, `solver/llbsolver/file/backend.go`, `docopy`.
struct Copier {
    let action: CopyAction
    let source: FileTree
    let tree: FileTree
    let owner: OwnerNumbers?
    let layers: LayerStore
    private let filter: PathFilter
    private let modeChange: ModeChange?
    private let time: Timestamp?
    /// The first copies of files that have several names in the source that is being copied.
    private var copies: [LinkIdentity: TreeNode] = [:]
    /// The paths that were copied, for the required ones.
    private var required: Set<String>

    init(
        _ action: CopyAction,
        from source: FileTree,
        to tree: FileTree,
        owner: OwnerNumbers?,
        layers: LayerStore
    ) throws {
        self.action = action
        self.source = source
        self.tree = tree
        self.owner = owner
        self.layers = layers
        filter = try CopySelection.filter(of: action)
        time = action.timestamp.map(Timestamp.init(nanoseconds:))
        required = Set(action.requiredPaths)
        if action.symbolicMode.isEmpty {
            modeChange = nil
        } else {
            guard let change = ModeChange(action.symbolicMode) else {
                throw PathFailure.reason(.invalidMode(action.symbolicMode))
            }
            modeChange = change
        }
    }

    mutating func copy() throws {
        if !action.createsDestinationPath {
            _ = try tree.parent(of: tree.resolve(TreePath.cleanNames(action.destination)))
        }
        for match in try CopySelection.matches(of: action, in: source) {
            if action.unpacksArchive, try unpack(match) { continue }
            try copy(match)
        }
        if let missing = required.sorted().first { throw PathFailure.reason(.notFound(path: missing)) }
    }

    private func unpack(_ match: CopySelection.Match) throws -> Bool {
        guard case .file(let body)? = try source.resolve(match.names).node?.body,
            let archive = try Archive(body, path: TreePath.display(match.names), layers: layers)
        else { return false }
        let place = try tree.resolve(TreePath.cleanNames(action.destination))
        let (last, _) = try tree.makeDirectories(place.names, mode: 0o755, owner: owner, time: time)
        let path = TreePath.display(match.names)
        var unpacker = Unpacker(try archive.view(), named: path, to: last, of: tree, owner: owner)
        try unpacker.unpack()
        return true
    }

    /// Copies one source to the destination.
    private mutating func copy(_ match: CopySelection.Match) throws {
        copies = [:]
        let names = TreePath.cleanNames(action.destination)
        let isFolder = action.destination.hasSuffix("/") || action.destination.hasSuffix("/.")
        let folder = try tree.resolve(isFolder ? names : names.dropLast())
        var made = try makeDirectories(folder.names).made
        let destination = try tree.resolve(names)
        guard let node = try source.resolve(match.names, followsLast: action.followsSymlink).node else {
            throw PathFailure.reason(.notFound(path: TreePath.display(match.names)))
        }
        let isDirectory = node.directory != nil
        let contents = action.copiesDirectoryContents && isDirectory
        var target = destination.names
        let goesInside = isDirectory ? !contents && destination.node != nil : destination.node?.directory != nil
        if goesInside, let name = match.name { target.append(name) }
        let (parent, more) = try makeDirectories(contents && destination.node == nil ? target : target.dropLast())
        made += more
        if let name = target.last {
            let above = contents && destination.node == nil ? try directory(above: target) : parent
            let slot = CopySlot(node: above, display: target.dropLast())
            try copy(node, [], to: name, in: slot, overwrites: false, below: nil, prefix: match.names)
        } else {
            try copyToRoot(node, prefix: match.names)
        }
        if let time { for node in made { node.attributes.modified = time } }
    }

    private func directory(above names: [[UInt8]]) throws -> TreeNode {
        try tree.parent(of: TreePlace(names: names, node: nil))
    }

    private func makeDirectories(_ names: some Collection<[UInt8]>) throws -> (last: TreeNode, made: [TreeNode]) {
        // Directories on the way have an octal mode, and never one of letters, which needs a mode to start from.
        let octal = action.symbolicMode.isEmpty ? action.mode : nil
        let mode = octal.map { UInt16(truncatingIfNeeded: $0) } ?? 0o755
        return try tree.makeDirectories(Array(names), mode: mode, owner: owner, time: time)
    }

    /// Copies a directory's contents into the root of the destination.
    private mutating func copyToRoot(_ node: TreeNode, prefix: [[UInt8]]) throws {
        guard let directory = node.directory else { throw PathFailure.reason(.isDirectory(path: "/")) }
        let slot = CopySlot(node: tree.root, display: [])
        for (name, member) in try directory.members() {
            try copy(member, name, to: name, in: slot, overwrites: true, below: nil, prefix: prefix)
        }
        tree.root.attributes.modified = time ?? node.attributes.modified
    }

    /// Copies `node`, which lies at `path` below the source, to `name` in `slot`, and what is in it.
    private mutating func copy(
        _ node: TreeNode,
        _ path: [UInt8],
        to name: [UInt8],
        in slot: CopySlot,
        overwrites: Bool,
        below parent: DirectoryVisit?,
        prefix: [[UInt8]]
    ) throws {
        let isTop = path.isEmpty
        guard let directory = node.directory else {
            guard isTop || filter.keeps(path, below: parent) else { return }
            try prepare(name, in: slot, for: node, overwrites: overwrites)
            try copyFile(node, to: name, in: slot)
            note(path, prefix)
            return
        }
        let visit = isTop ? nil : filter.visit(directory: path, below: parent)
        let isKept = visit?.isKept ?? true
        let inner = CopySlot(node: nil, display: slot.display + [name], name: name, parent: slot, source: node)
        var isNew = false
        if isKept {
            try prepare(name, in: slot, for: node, overwrites: overwrites)
            isNew = try makeDirectory(inner, overwrites: overwrites)
            note(path, prefix)
        } else {
            inner.node = try slot.node?.directory?.member(name)
        }
        if visit?.isEntered ?? true {
            for (child, member) in try directory.members() {
                try copy(
                    member,
                    PathBytes.join(path, child),
                    to: child,
                    in: inner,
                    overwrites: true,
                    below: visit,
                    prefix: prefix
                )
            }
        }
        guard isKept, let made = inner.node else { return }
        if isNew || overwrites {
            copyAttributes(of: node, to: made)
        } else {
            made.attributes.modified = time ?? node.attributes.modified
        }
    }

    /// Takes away what is in the way, if it is to be replaced, and makes the parents that were put off.
    private func prepare(_ name: [UInt8], in slot: CopySlot, for node: TreeNode, overwrites: Bool) throws {
        if action.replacesExisting, let parent = slot.node, let existing = try parent.directory?.member(name),
            node.directory == nil || existing.directory == nil
        {
            tree.remove(name, in: parent)
        }
        try ensure(slot, overwrites: overwrites)
    }

    /// Makes a directory that is there only because something in it is copied.
    private func ensure(_ slot: CopySlot, overwrites: Bool) throws {
        guard !slot.isCopied, let parent = slot.parent, let source = slot.source else { return }
        try ensure(parent, overwrites: overwrites)
        if try makeDirectory(slot, overwrites: overwrites), let made = slot.node {
            copyAttributes(of: source, to: made)
        }
    }

    /// Makes the directory of `slot`, or finds it; says whether it is new.
    private func makeDirectory(_ slot: CopySlot, overwrites: Bool) throws -> Bool {
        guard let parent = slot.parent?.node, let source = slot.source else { return false }
        slot.isCopied = true
        if let existing = try parent.directory?.member(slot.name) {
            guard existing.directory != nil else {
                throw PathFailure.reason(.notDirectory(path: TreePath.display(slot.display)))
            }
            if overwrites { existing.attributes.mode = source.attributes.mode }
            slot.node = existing
            return false
        }
        let made = TreeNode.directory(mode: source.attributes.mode, owner: nil, modified: tree.now)
        tree.put(made, as: slot.name, in: parent)
        slot.node = made
        return true
    }

    /// Copies what is no directory.
    private mutating func copyFile(_ node: TreeNode, to name: [UInt8], in slot: CopySlot) throws {
        guard let parent = slot.node else { return }
        if let existing = try parent.directory?.member(name), existing.directory != nil {
            throw PathFailure.reason(.isDirectory(path: TreePath.display(slot.display + [name])))
        }
        if case .file = node.body, let identity = node.sourceIdentity {
            if let first = copies[identity] { return tree.link(first, as: name, in: parent) }
            let made = made(from: node)
            copies[identity] = made
            tree.put(made, as: name, in: parent)
        } else {
            tree.put(made(from: node), as: name, in: parent)
        }
    }

    private func made(from node: TreeNode) -> TreeNode {
        var attributes = node.attributes
        attributes.xattrs = []
        let made = TreeNode(attributes, node.body)
        copyAttributes(of: node, to: made)
        return made
    }

    /// Gives `made` the owner, mode, time and extended attributes of `node`, or what the action says instead.
    private func copyAttributes(of node: TreeNode, to made: TreeNode) {
        made.attributes.uid = owner?.uid ?? node.attributes.uid
        made.attributes.gid = owner?.gid ?? node.attributes.gid
        if node.target == nil {
            let mode = node.attributes.mode
            made.attributes.mode =
                modeChange?.apply(to: mode, isDirectory: node.directory != nil)
                ?? action.mode.map { UInt16(truncatingIfNeeded: $0) & 0o7777 } ?? mode
        }
        made.attributes.modified = time ?? node.attributes.modified
        made.attributes.setExtended(node.attributes.xattrs)
    }

    private mutating func note(_ path: [UInt8], _ prefix: [[UInt8]]) {
        guard !required.isEmpty else { return }
        let whole = TreePath.display(prefix + TreePath.names(path))
        required = required.filter { !whole.hasPrefix($0) }
    }
}

/// A directory of the destination that a copy goes into, perhaps not made yet.
private final class CopySlot {
    /// The directory, once it is there.
    var node: TreeNode?
    /// Its names, for messages.
    let display: [[UInt8]]
    let name: [UInt8]
    let parent: CopySlot?
    /// The directory that it is a copy of.
    let source: TreeNode?
    /// Whether it was made or found.
    var isCopied: Bool

    init(
        node: TreeNode?,
        display: some Collection<[UInt8]>,
        name: [UInt8] = [],
        parent: CopySlot? = nil,
        source: TreeNode? = nil
    ) {
        self.node = node
        self.display = Array(display)
        self.name = name
        self.parent = parent
        self.source = source
        isCopied = parent == nil
    }
}

extension FileAttributes {
    /// Sets extended attributes, in place of those that have the same names.
    mutating func setExtended(_ added: [ExtendedAttribute]) {
        guard !added.isEmpty else { return }
        let names = Set(added.map(\.name))
        xattrs = (xattrs.filter { !names.contains($0.name) } + added)
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
