// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import LLB
import Layers
import OCIModel
import PathPatterns

/// A name in a tree of which only the names are known, such as that of a context's manifest.
public struct NamedEntry: Hashable, Sendable {
    /// What it is, as far as a selection depends on it.
    public enum Kind: Hashable, Sendable {
        /// A directory.
        case directory
        /// A symbolic link and its target.
        case link([UInt8])
        /// Anything else.
        case file
    }

    /// The path from the root, without a leading `/`.
    public let path: [UInt8]
    /// What it is.
    public let kind: Kind

    /// Makes an entry.
    public init(path: [UInt8], kind: Kind) {
        self.path = path
        self.kind = kind
    }
}

extension FileOperation {
    /// The paths of input `index` that copies of this operation read, with the links that lead to them.
    ///
    /// It answers for a tree whose files need not be at hand, so that a change of a key can be explained long after the
    /// build. What a pattern or a path does not find selects nothing.
    ///
    /// - Parameter entries: Every entry of the input, each directory before what lies in it.
    public func selectedPaths(of index: Int, among entries: [NamedEntry]) -> Set<[UInt8]> {
        let tree = FileTree(names: entries)
        var selected: Set<[UInt8]> = []
        for action in actions where action.source == .input(index) {
            guard case .copy(let copy) = action.change, let filter = try? CopySelection.filter(of: copy),
                let matches = try? CopySelection.matches(of: copy, in: tree)
            else { continue }
            for match in matches { select(match, by: copy, filter, in: tree, among: entries, into: &selected) }
        }
        return selected
    }

    private func select(
        _ match: CopySelection.Match,
        by copy: CopyAction,
        _ filter: PathFilter,
        in tree: FileTree,
        among entries: [NamedEntry],
        into selected: inout Set<[UInt8]>
    ) {
        for length in 1..<max(1, match.names.count + 1) {
            let names = Array(match.names.prefix(length))
            guard let place = try? tree.resolve(names, followsLast: false), place.node?.target != nil else { continue }
            selected.insert(Array(place.names.joined(separator: [PathBytes.slash])))
        }
        let follows = copy.followsSymlink || copy.unpacksArchive
        guard let place = try? tree.resolve(match.names, followsLast: follows), let node = place.node else { return }
        let path = Array(place.names.joined(separator: [PathBytes.slash]))
        if !path.isEmpty { selected.insert(path) }
        guard node.directory != nil else { return }
        let prefix = path.isEmpty ? [] : path + [PathBytes.slash]
        for entry in entries where entry.path.starts(with: prefix) && entry.path.count > prefix.count {
            guard filter.keeps(wholePath: Array(entry.path.dropFirst(prefix.count))) else { continue }
            var kept = entry.path
            while kept.count > prefix.count, selected.insert(kept).inserted { kept = PathBytes.parent(of: kept) }
        }
    }
}

extension FileTree {
    /// A tree of names alone, whose files are empty.
    init(names entries: [NamedEntry]) {
        let epoch = Timestamp(seconds: 0)
        self.init(Snapshot.scratch, root: .directory(mode: 0o755, owner: nil, modified: epoch), now: epoch)
        for entry in entries {
            let names = TreePath.names(entry.path)
            guard let name = names.last, let found = try? resolve(Array(names.dropLast()), followsLast: false),
                let parent = found.node, parent.directory != nil
            else { continue }
            let node =
                switch entry.kind {
                case .directory: TreeNode.directory(mode: 0o755, owner: nil, modified: epoch)
                case .file: TreeNode(FileAttributes(kind: .regular, mode: 0o644), .file(.bytes([])))
                case .link(let target): TreeNode(FileAttributes(kind: .symbolicLink, mode: 0o777), .link(target))
                }
            put(node, as: name, in: parent)
        }
    }
}
