// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import PathPatterns

/// A file system that actions change in memory: a snapshot, and over it what they did.
struct FileTree {
    /// The snapshot below.
    let base: Snapshot
    /// Its files; `nil` for the empty snapshot.
    let view: LayerView?
    /// The root directory.
    let root: TreeNode
    /// The time of what changes.
    let now: Timestamp

    /// Shows `base`, unchanged.
    init(_ base: Snapshot, in layers: LayerStore, now: Timestamp) throws {
        self.base = base
        self.now = now
        if base.layers.isEmpty {
            view = nil
            root = .directory(mode: 0o755, owner: nil, modified: now)
        } else {
            let view = try layers.view(base)
            self.view = view
            root = TreeNode(showing: try view.root, of: view)
        }
    }

    /// Shows a view that is there already.
    init(_ view: LayerView, now: Timestamp) throws {
        base = view.snapshot
        self.now = now
        if base.layers.isEmpty {
            self.view = nil
            root = .directory(mode: 0o755, owner: nil, modified: now)
        } else {
            self.view = view
            root = TreeNode(showing: try view.root, of: view)
        }
    }

    /// Shows what lies below `root`, which has no snapshot below it.
    init(_ base: Snapshot, root: TreeNode, now: Timestamp) { self.init(base: base, view: nil, root: root, now: now) }

    private init(base: Snapshot, view: LayerView?, root: TreeNode, now: Timestamp) {
        self.base = base
        self.view = view
        self.root = root
        self.now = now
    }

    /// A copy that changes of this one do not reach.
    func fork() -> FileTree {
        var copies: [ObjectIdentifier: TreeNode] = [:]
        return FileTree(base: base, view: view, root: root.fork(&copies), now: now)
    }

    /// Puts `node` into a directory, whose time this changes.
    func put(_ node: TreeNode, as name: [UInt8], in parent: TreeNode) {
        parent.directory?.put(node, as: name)
        parent.attributes.modified = now
    }

    /// Removes a name and what is below it from a directory, whose time this changes.
    func remove(_ name: [UInt8], in parent: TreeNode) {
        parent.directory?.remove(name)
        parent.attributes.modified = now
    }

    /// Makes `existing` known by one more name.
    func link(_ existing: TreeNode, as name: [UInt8], in parent: TreeNode) {
        existing.isShared = true
        existing.isChanged = true
        put(existing, as: name, in: parent)
    }
}

/// Where a path leads, without symbolic links.
struct TreePlace {
    /// The names from the root; those that do not exist are as they were written.
    var names: [[UInt8]]
    /// What is there.
    var node: TreeNode?

    /// The path for messages.
    var display: String { TreePath.display(names) }
}

/// Paths as lists of names.
enum TreePath {
    /// The names of a path, `.` and empty ones left out, `..` kept.
    static func names(_ path: some Sequence<UInt8>) -> [[UInt8]] {
        Array(path).split(separator: PathBytes.slash).map(Array.init).filter { $0 != [UInt8(ascii: ".")] }
    }

    /// The names of a path, with `..` taken as written, never above the root.
    static func cleanNames(_ path: String) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for name in self.names(path.utf8) {
            if name == dotDot { _ = names.popLast() } else { names.append(name) }
        }
        return names
    }

    /// The path for messages, from the root.
    static func display(_ names: [[UInt8]]) -> String {
        "/" + String(decoding: Array(names.joined(separator: [PathBytes.slash])), as: UTF8.self)
    }

    static let dotDot: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: ".")]
}

extension FileTree {
    /// Follows `names` from `start`, which links can't leave.
    ///
    /// - Parameter followsLast: Whether a link at the very end is followed too.
    /// - Throws: `FileOperationError.Reason.notDirectory`, `.tooManyLinks`.
    func resolve(
        _ names: [[UInt8]],
        followsLast: Bool = true,
        from start: TreeNode? = nil
    ) throws(PathFailure) -> TreePlace {
        let top = start ?? root
        var rest = Array(names.reversed())
        var path: [[UInt8]] = []
        var nodes: [TreeNode?] = [top]
        var links = 0
        while let name = rest.popLast() {
            if name == TreePath.dotDot {
                if !path.isEmpty {
                    path.removeLast()
                    nodes.removeLast()
                }
                continue
            }
            path.append(name)
            guard let parent = nodes[nodes.count - 1] else {
                nodes.append(nil)
                continue
            }
            let node = try parent.member(name, at: path.dropLast())
            if let target = node?.target, followsLast || !rest.isEmpty {
                links += 1
                guard links <= 255 else { throw .reason(.tooManyLinks(path: TreePath.display(names))) }
                path.removeLast()
                if target.first == PathBytes.slash {
                    path = []
                    nodes = [top]
                }
                rest += TreePath.names(target).reversed()
            } else {
                nodes.append(node)
            }
        }
        return TreePlace(names: path, node: nodes[nodes.count - 1])
    }

    /// What is at the end of `names`; `nil` also where something on the way is no directory.
    func find(_ names: [[UInt8]], followsLast: Bool = true) throws(PathFailure) -> TreeNode? {
        do {
            return try resolve(names, followsLast: followsLast).node
        } catch {
            if case .reason(.notDirectory) = error { return nil }
            throw error
        }
    }

    /// Makes the directories of `names`, which hold no links, as far as they are missing.
    ///
    /// - Returns: The last one, and those that were made, outermost first.
    func makeDirectories(
        _ names: [[UInt8]],
        mode: UInt16,
        owner: OwnerNumbers?,
        time: Timestamp?,
        from start: TreeNode? = nil
    ) throws(PathFailure) -> (last: TreeNode, made: [TreeNode]) {
        var node = start ?? root
        var made: [TreeNode] = []
        for (depth, name) in names.enumerated() {
            if let next = try node.member(name, at: names[..<depth]) {
                guard next.directory != nil else {
                    throw .reason(.notDirectory(path: TreePath.display(Array(names[...depth]))))
                }
                node = next
            } else {
                let next = TreeNode.directory(
                    mode: mode & 0o777,
                    owner: owner ?? node.inheritedOwner,
                    modified: time ?? now
                )
                put(next, as: name, in: node)
                made.append(next)
                node = next
            }
        }
        return (node, made)
    }
}

extension TreeNode {
    /// The node called `name` in this directory, whose own names are `path`.
    fileprivate func member(_ name: [UInt8], at path: ArraySlice<[UInt8]>) throws(PathFailure) -> TreeNode? {
        guard let directory else { throw .reason(.notDirectory(path: TreePath.display(Array(path)))) }
        do {
            return try directory.member(name)
        } catch {
            throw .other(error)
        }
    }
}

/// Why a path can't be followed; the executor adds the action.
enum PathFailure: Error {
    /// A reason of a `FileOperationError`.
    case reason(FileOperationError.Reason)
    /// A layer that can't be read.
    case other(any Error)
}
