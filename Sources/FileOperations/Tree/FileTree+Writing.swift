// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import PathPatterns

extension FileTree {
    /// Writes what differs from the base as one layer; `nil` where nothing does.
    ///
    /// Directories that lead to a change are part of the layer. A file that was replaced by an equal one is not.
    func commit(to layers: LayerStore, timestamps: TimestampPolicy) throws -> CommittedLayer? {
        var changes = TreeChanges(view: view, timestamps: timestamps)
        try changes.collect(root)
        guard !changes.isEmpty else { return nil }
        let writer = try layers.writer(timestamps: timestamps)
        try changes.write(to: writer)
        return try writer.finish()
    }
}

/// What a tree has beyond its base, in the order of a layer.
struct TreeChanges {
    private struct Change {
        let path: [UInt8]
        let node: TreeNode
        var whiteouts: [[UInt8]] = []
        var isOpaque = false
    }

    private let view: LayerView?
    private let timestamps: TimestampPolicy
    private var changes: [Change] = []
    private var rootWhiteouts: [[UInt8]] = []

    init(view: LayerView?, timestamps: TimestampPolicy) {
        self.view = view
        self.timestamps = timestamps
    }

    /// Whether there is nothing to write.
    var isEmpty: Bool { changes.isEmpty && rootWhiteouts.isEmpty }

    /// Gathers what differs in the tree of `root`, whose own attributes belong to no layer.
    mutating func collect(_ root: TreeNode) throws {
        let base = try view?.root
        guard let directory = root.directory else { return }
        rootWhiteouts = try collectMembers(of: directory, path: [], base: base).whiteouts
        changes.sort { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// Gathers what differs in a directory; says what is gone from it and whether anything differs.
    private mutating func collectMembers(
        of directory: TreeDirectory,
        path: [UInt8],
        base: ViewEntry?
    ) throws -> (whiteouts: [[UInt8]], hasChanges: Bool) {
        var whiteouts: [[UInt8]] = []
        let before = changes.count
        let shown = directory.lower == nil ? nil : base
        for (name, node) in directory.known {
            let below = try base.flatMap { $0.kind == .directory ? try view?.child(name, of: $0) : nil }
            let memberPath = PathBytes.join(path, name)
            if let node {
                try collect(node, path: memberPath, base: below, isShown: shown != nil)
            } else if shown != nil, below != nil {
                whiteouts.append(memberPath)
            }
        }
        return (whiteouts.sorted { $0.lexicographicallyPrecedes($1) }, changes.count > before)
    }

    /// Gathers `node` at `path`, where the base has `base`; `isShown` tells whether that would show through.
    private mutating func collect(_ node: TreeNode, path: [UInt8], base: ViewEntry?, isShown: Bool) throws {
        guard let directory = node.directory else {
            if node.isChanged, try !(isShown && equals(node, base)) { changes.append(Change(path: path, node: node)) }
            return
        }
        let (whiteouts, hasChanges) = try collectMembers(of: directory, path: path, base: base)
        let hidesBase = try directory.lower == nil && isShown && base.map { try hasMembers($0) } ?? false
        let differs = !isShown || base.map { !sameDirectory(node.attributes, $0.attributes) } ?? true
        if hasChanges || !whiteouts.isEmpty || hidesBase || differs {
            changes.append(Change(path: path, node: node, whiteouts: whiteouts, isOpaque: hidesBase))
        }
    }

    private func hasMembers(_ entry: ViewEntry) throws -> Bool {
        guard entry.kind == .directory, let view else { return false }
        return try !view.children(of: entry).isEmpty
    }

    /// Whether two directories are the same but for their time, which changes with what is in them.
    private func sameDirectory(_ left: FileAttributes, _ right: FileAttributes) -> Bool {
        var left = left
        left.modified = right.modified
        return left == right
    }

    /// Whether `node` would be stored just as what lies below it.
    private func equals(_ node: TreeNode, _ base: ViewEntry?) throws -> Bool {
        guard let base, !node.isShared, base.linkCount <= 1 else { return false }
        var attributes = node.attributes
        attributes.modified = timestamps.apply(to: attributes.modified)
        guard attributes == base.attributes else { return false }
        switch node.body {
        case .directory: return false
        case .link(let target): return target == base.linkTarget
        case .special: return true
        case .file(let body):
            guard body.size == base.size, let view else { return false }
            return try body.digest() == view.contentDigest(of: base)
        }
    }

    /// Writes everything that was gathered.
    func write(to writer: LayerWriter) throws {
        for path in rootWhiteouts { try writer.whiteout(path) }
        var names: [ObjectIdentifier: [UInt8]] = [:]
        for change in changes {
            let node = change.node
            if case .directory = node.body {
                try writer.directory(change.path, node.attributes)
                if change.isOpaque { try writer.opaque(change.path) }
                for path in change.whiteouts { try writer.whiteout(path) }
            } else if let first = names[ObjectIdentifier(node)] {
                try writer.hardLink(change.path, to: first)
            } else {
                if node.isShared { names[ObjectIdentifier(node)] = change.path }
                try write(node, at: change.path, to: writer)
            }
        }
    }

    private func write(_ node: TreeNode, at path: [UInt8], to writer: LayerWriter) throws {
        switch node.body {
        case .directory: break
        case .link(let target): try writer.symbolicLink(path, node.attributes, target: target)
        case .special: try writer.special(path, node.attributes)
        case .file(.bytes(let bytes)):
            try writer.file(path, node.attributes, size: Int64(bytes.count), content: .bytes(bytes), hashing: true)
        case .file(.entry(let entry, let view)):
            try writer.file(path, node.attributes, size: entry.size, content: .entry(entry, view))
        }
    }
}
