// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import Layers

extension FileTree {
    /// Makes a directory.
    ///
    /// Without `makesParents` anything that is there already will do, as in BuildKit.
    func make(_ action: MakeDirectoryAction, owner: OwnerNumbers?) throws(PathFailure) {
        let place = try resolve(TreePath.names(action.path.utf8))
        let mode = UInt16(truncatingIfNeeded: action.mode) & 0o777
        let time = action.timestamp.map(Timestamp.init(nanoseconds:))
        if action.makesParents {
            _ = try makeDirectories(place.names, mode: mode, owner: owner, time: time)
        } else if place.node == nil, let name = place.names.last {
            let folder = try parent(of: place)
            let inherited = folder.attributes.mode & 0o2000
            let made = TreeNode.directory(
                mode: mode | inherited,
                owner: owner ?? folder.inheritedOwner,
                modified: time ?? now
            )
            put(made, as: name, in: folder)
        }
    }

    /// Writes a file; one that is there keeps its mode and, unless `owner` says otherwise, its owner.
    func make(_ action: MakeFileAction, owner: OwnerNumbers?) throws(PathFailure) {
        let place = try resolve(TreePath.cleanNames(action.path))
        let time = action.timestamp.map(Timestamp.init(nanoseconds:)) ?? now
        guard let node = place.node else {
            guard let name = place.names.last else { throw .reason(.isDirectory(path: place.display)) }
            let folder = try parent(of: place)
            let numbers = owner ?? folder.inheritedOwner
            let attributes = FileAttributes(
                kind: .regular,
                mode: UInt16(truncatingIfNeeded: action.mode) & 0o777,
                uid: numbers.uid,
                gid: numbers.gid,
                modified: time
            )
            put(TreeNode(attributes, .file(.bytes(action.data))), as: name, in: folder)
            return
        }
        guard case .file = node.body else {
            throw .reason(node.directory == nil ? .exists(path: place.display) : .isDirectory(path: place.display))
        }
        node.body = .file(.bytes(action.data))
        node.isChanged = true
        node.attributes.modified = time
        // Writing takes a file's capabilities away, and changing its owner its set-id bits (write(2), chown(2)).
        node.attributes.xattrs.removeAll { $0.name == Array("security.capability".utf8) }
        if let owner {
            node.attributes.uid = owner.uid
            node.attributes.gid = owner.gid
            node.attributes.mode &= node.attributes.mode & 0o010 == 0 ? ~0o4000 : ~0o6000
        }
    }

    /// Makes a symbolic link.
    func make(_ action: SymlinkAction, owner: OwnerNumbers?) throws(PathFailure) {
        let place = try resolve(TreePath.cleanNames(action.path))
        guard place.node == nil, let name = place.names.last else { throw .reason(.exists(path: place.display)) }
        guard !action.target.isEmpty else { throw .reason(.notFound(path: action.target)) }
        let folder = try parent(of: place)
        let numbers = owner ?? folder.inheritedOwner
        let attributes = FileAttributes(
            kind: .symbolicLink,
            mode: 0o777,
            uid: numbers.uid,
            gid: numbers.gid,
            modified: action.timestamp.map(Timestamp.init(nanoseconds:)) ?? now
        )
        put(TreeNode(attributes, .link(Array(action.target.utf8))), as: name, in: folder)
    }

    /// Removes a path, or what a wildcard matches, and all below.
    func remove(_ action: RemoveAction) throws {
        guard action.allowsWildcard else {
            return try remove(TreePath.cleanNames(action.path), allowsNotFound: action.allowsNotFound)
        }
        for match in try Wildcard(action.path).matches(in: self, followsLinks: false) {
            try remove(match, allowsNotFound: action.allowsNotFound)
        }
    }

    private func remove(_ names: [[UInt8]], allowsNotFound: Bool) throws(PathFailure) {
        guard let name = names.last else { throw .reason(.emptyPath) }
        let folder = try resolve(Array(names.dropLast()))
        // A link that leads nowhere counts as not found, one that leads in a ring does not, as for stat(2).
        if !allowsNotFound, let place = try? resolve(names), place.node == nil {
            throw .reason(.notFound(path: TreePath.display(names)))
        }
        guard let directory = folder.node else { return }
        guard directory.directory != nil else { throw .reason(.notDirectory(path: folder.display)) }
        guard try find(names, followsLast: false) != nil else { return }
        remove(name, in: directory)
    }

    /// The directory that a place is to be made in.
    func parent(of place: TreePlace) throws(PathFailure) -> TreeNode {
        let names = Array(place.names.dropLast())
        guard let node = try resolve(names, followsLast: false).node else {
            throw .reason(.notFound(path: TreePath.display(names)))
        }
        guard node.directory != nil else { throw .reason(.notDirectory(path: TreePath.display(names))) }
        return node
    }
}
