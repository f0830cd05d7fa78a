// SPDX-License-Identifier: Apache-2.0

import BuildModel
import LLB
import Layers
import OCIModel
import PathPatterns

/// What actions select of one input, as a digest.
struct InputSelection {
    private let tree: FileTree
    private let view: LayerView
    private let index: Int

    init(view: LayerView, index: Int) throws {
        self.view = view
        self.index = index
        tree = try FileTree(view, now: Timestamp(seconds: 0))
    }

    /// The digest of what `readers`, actions with their positions, can see.
    func digest(of readers: [(Int, FileAction)]) throws -> ContentDigest {
        var parts: [JSONValue] = []
        for (position, action) in readers {
            do {
                parts.append(["action": .integer(Int64(position)), "sees": .array(try seen(by: action))])
            } catch PathFailure.reason(let reason) {
                throw FileOperationError(action.change.summary, reason)
            } catch PathFailure.other(let error) {
                throw error
            }
        }
        return ContentDigest(of: JSONValue.array(parts).canonicalBytes)
    }

    private func seen(by action: FileAction) throws -> [JSONValue] {
        var parts: [JSONValue] = []
        if case .name(let name, .input(index)?)? = action.owner?.user {
            let user = try AccountFile.user(name, in: tree)
            parts.append(["user": user.map { .array([.integer(Int64($0.uid)), .integer(Int64($0.gid))]) } ?? .null])
        }
        if case .name(let name, .input(index)?)? = action.owner?.group {
            let group = try AccountFile.group(name, in: tree)
            parts.append(["group": group.map { .integer(Int64($0)) } ?? .null])
        }
        if case .copy(let copy) = action.change, action.source == .input(index) {
            let filter = try CopySelection.filter(of: copy)
            for match in try CopySelection.matches(of: copy, in: tree) {
                parts.append(try seen(at: match, by: copy, filter))
            }
        }
        return parts
    }

    private func seen(
        at match: CopySelection.Match,
        by copy: CopyAction,
        _ filter: PathFilter
    ) throws -> JSONValue {
        // An archive is unpacked from where a link leads, whether the copy follows links or not.
        let follows = copy.followsSymlink || copy.unpacksArchive
        let place = try tree.resolve(match.names, followsLast: follows)
        let path = Array(place.names.joined(separator: [PathBytes.slash]))
        if place.node != nil, view.snapshot.layers.isEmpty { return ["content": "scratch"] }
        guard let entry = try view.entry(at: path) else {
            throw PathFailure.reason(.notFound(path: TreePath.display(match.names)))
        }
        let name: JSONValue = match.name.map { .string(Hexadecimal.string($0)) } ?? .null
        let digest =
            try filter.keepsEverything || entry.kind != .directory
            ? view.treeDigest(of: entry) : filtered(entry, filter)
        return ["name": copy.allowsWildcard ? name : .null, "content": .string(digest.description)]
    }

    /// The digest of what the filter lets through below a directory, the directory itself included.
    private func filtered(_ start: ViewEntry, _ filter: PathFilter) throws -> ContentDigest {
        var walk = FilteredWalk(view: view, filter: filter)
        try walk.add(start, path: [])
        try walk.visit(start, path: [], below: nil)
        return walk.hasher.digest()
    }
}

/// A walk over what a filter lets through, with the directories that lead there.
private struct FilteredWalk: ~Copyable {
    let view: LayerView
    let filter: PathFilter
    var hasher = SHA256Hasher()
    /// The directories on the way that nothing was kept in so far.
    private var waiting: [(ViewEntry, [UInt8])] = []
    private var firstNames: [FileIdentity: [UInt8]] = [:]

    init(view: LayerView, filter: PathFilter) {
        self.view = view
        self.filter = filter
    }

    mutating func visit(_ directory: ViewEntry, path: [UInt8], below parent: DirectoryVisit?) throws {
        for entry in try view.children(of: directory) {
            let path = PathBytes.join(path, entry.name)
            guard entry.kind == .directory else {
                if filter.keeps(path, below: parent) { try keep(entry, path) }
                continue
            }
            let visit = filter.visit(directory: path, below: parent)
            let depth = waiting.count
            if visit.isKept { try keep(entry, path) } else { waiting.append((entry, path)) }
            if visit.isEntered { try self.visit(entry, path: path, below: visit) }
            if waiting.count > depth { waiting.removeLast(waiting.count - depth) }
        }
    }

    private mutating func keep(_ entry: ViewEntry, _ path: [UInt8]) throws {
        let parents = waiting
        waiting.removeAll()
        for (entry, path) in parents { try add(entry, path: path) }
        try add(entry, path: path)
    }

    /// Feeds one entry alone: its path, what it is, and which earlier one is the same file.
    mutating func add(_ entry: ViewEntry, path: [UInt8]) throws {
        let alone = try view.treeDigest(of: entry) { $0.path == entry.path ? .descend : .skip }
        var same: [UInt8] = []
        if entry.kind != .directory, entry.linkCount > 1 {
            same = firstNames[entry.identity, default: path]
            firstNames[entry.identity] = same
        }
        hasher.update("\(path.count) \(same.count) ".utf8.map { $0 })
        hasher.update(path + same + alone.bytes)
    }
}
