// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import PathPatterns

extension FileOperationExecutor {
    /// What `upper` has beyond `lower`.
    ///
    /// Source: BuildKit, `solver/llbsolver/ops/diff.go`, `cache/manager.go`, `Diff`.
    func diff(lower: Snapshot, upper: Snapshot) throws -> Snapshot {
        if upper.layers.starts(with: lower.layers) {
            return Snapshot(layers: Array(upper.layers.dropFirst(lower.layers.count)))
        }
        let base = try FileTree(lower, in: layers, now: now)
        let wanted = try FileTree(upper, in: layers, now: now)
        var comparison = TreeComparison(base: base, wanted: wanted)
        try comparison.apply()
        let layer = try base.commit(to: layers, timestamps: timestamps)
        return layer.map { Snapshot(layers: [$0.diffID]) } ?? .scratch
    }
}

/// Turns one tree into another, so that its changes are the difference.
private struct TreeComparison {
    let base: FileTree
    let wanted: FileTree
    /// Changed files with several names, by what they are in the wanted tree.
    private var copies: [LinkIdentity: TreeNode] = [:]

    init(base: FileTree, wanted: FileTree) {
        self.base = base
        self.wanted = wanted
    }

    mutating func apply() throws { try apply(wanted.root, to: base.root) }

    private mutating func apply(_ wanted: TreeNode, to node: TreeNode) throws {
        guard let new = wanted.directory, let old = node.directory else { return }
        let members = try new.members()
        let names = Set(members.map(\.name))
        for (name, _) in try old.members() where !names.contains(name) { base.remove(name, in: node) }
        for (name, member) in members {
            let existing = try old.member(name)
            if let existing, existing.directory != nil, member.directory != nil {
                try apply(member, to: existing)
            } else if let existing, try Self.isSame(existing, member) {
                continue
            } else {
                base.put(try copy(member), as: name, in: node)
            }
        }
        node.attributes = wanted.attributes
    }

    /// A copy of `member` and all below, whose hard links stay links.
    private mutating func copy(_ member: TreeNode) throws -> TreeNode {
        if let identity = member.sourceIdentity, let first = copies[identity] {
            first.isShared = true
            return first
        }
        guard let directory = member.directory else {
            let made = TreeNode(member.attributes, member.body)
            if let identity = member.sourceIdentity { copies[identity] = made }
            return made
        }
        let made = TreeNode(member.attributes, .directory(TreeDirectory()))
        for (name, child) in try directory.members() { made.directory?.put(try copy(child), as: name) }
        return made
    }

    private static func isSame(_ left: TreeNode, _ right: TreeNode) throws -> Bool {
        guard left.attributes == right.attributes else { return false }
        switch (left.body, right.body) {
        case (.link(let first), .link(let second)): return first == second
        case (.special, .special): return true
        case (.file(let first), .file(let second)):
            return try first.size == second.size && first.digest() == second.digest()
        default: return false
        }
    }
}
