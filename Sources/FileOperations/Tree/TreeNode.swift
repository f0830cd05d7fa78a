// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// A file of a `FileTree`, as it is after the actions so far.
///
/// Names that share a node are hard links.
final class TreeNode {
    /// Everything but name and contents.
    var attributes: FileAttributes
    /// What the kind of file has besides.
    var body: TreeBody
    /// Whether it differs from what the base has, or is not of the base; directories are compared when they are written.
    var isChanged: Bool
    /// Whether more than one name of this tree leads here.
    var isShared = false
    /// The file that it is a copy or an unchanged view of, if that has several names.
    let linkIdentity: LinkIdentity?

    init(_ attributes: FileAttributes, _ body: TreeBody, isChanged: Bool = true, linkIdentity: LinkIdentity? = nil) {
        self.attributes = attributes
        self.body = body
        self.isChanged = isChanged
        self.linkIdentity = linkIdentity
    }

    /// A node that shows `entry` of `view`, unchanged.
    convenience init(showing entry: ViewEntry, of view: LayerView) {
        let body: TreeBody =
            switch entry.kind {
            case .regular: .file(.entry(entry, view))
            case .directory: .directory(TreeDirectory(lower: entry, view: view))
            case .symbolicLink: .link(entry.linkTarget)
            case .characterDevice, .blockDevice, .fifo, .socket, .whiteout: .special
            }
        let hasLinks = entry.kind != .directory && entry.linkCount > 1
        self.init(entry.attributes, body, isChanged: false, linkIdentity: hasLinks ? .entry(entry.identity) : nil)
    }

    /// A new, empty directory.
    static func directory(mode: UInt16, owner: OwnerNumbers?, modified: Timestamp) -> TreeNode {
        let attributes = FileAttributes(
            kind: .directory,
            mode: mode,
            uid: owner?.uid ?? 0,
            gid: owner?.gid ?? 0,
            modified: modified
        )
        return TreeNode(attributes, .directory(TreeDirectory()))
    }

    /// Who owns what is made in this directory for nobody in particular: root, and the directory's group if that is set
    /// to be inherited.
    ///
    /// Source: inode(7), "The set-group-ID bit".
    var inheritedOwner: OwnerNumbers {
        OwnerNumbers(uid: 0, gid: attributes.mode & 0o2000 == 0 ? 0 : attributes.gid)
    }

    /// What a directory holds; `nil` for everything else.
    var directory: TreeDirectory? { if case .directory(let directory) = body { directory } else { nil } }

    /// The target of a symbolic link; `nil` for everything else.
    var target: [UInt8]? { if case .link(let target) = body { target } else { nil } }

    /// What makes two source names one file; `nil` where there is one name only.
    var sourceIdentity: LinkIdentity? { isShared ? .node(ObjectIdentifier(self)) : linkIdentity }
}

/// What makes two names one file.
enum LinkIdentity: Hashable {
    /// A file of a view.
    case entry(FileIdentity)
    /// A node with several names.
    case node(ObjectIdentifier)
}

/// What a kind of file has besides its attributes.
enum TreeBody {
    /// Names.
    case directory(TreeDirectory)
    /// Contents.
    case file(FileBody)
    /// A target.
    case link([UInt8])
    /// Nothing; the attributes hold a device's numbers.
    case special
}

/// Where the contents of a regular file are.
enum FileBody {
    /// Here.
    case bytes([UInt8])
    /// In a layer.
    case entry(ViewEntry, LayerView)

    /// In bytes.
    var size: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .entry(let entry, _): entry.size
        }
    }

    /// The SHA-256 of the contents.
    func digest() throws -> ContentDigest {
        switch self {
        case .bytes(let bytes): ContentDigest(of: bytes)
        case .entry(let entry, let view): try view.contentDigest(of: entry)
        }
    }

    /// The contents, at most `limit` bytes.
    func read(limit: Int64) throws -> [UInt8] {
        switch self {
        case .bytes(let bytes): bytes
        case .entry(let entry, let view): try view.read(entry, limit: limit)
        }
    }
}

/// The names in a directory: what the base shows, and what was put or removed since.
final class TreeDirectory {
    /// The base's directory that shows through; `nil` for one that is new.
    let lower: ViewEntry?
    private let view: LayerView?
    /// The names that were looked at, put (a node) or removed (`nil`).
    private(set) var known: [[UInt8]: TreeNode?] = [:]
    private var isComplete = false

    init() {
        lower = nil
        view = nil
        isComplete = true
    }

    init(lower: ViewEntry, view: LayerView) {
        self.lower = lower
        self.view = view
    }

    private init(lower: ViewEntry?, view: LayerView?, known: [[UInt8]: TreeNode?], isComplete: Bool) {
        self.lower = lower
        self.view = view
        self.known = known
        self.isComplete = isComplete
    }

    /// The node called `name`.
    func member(_ name: [UInt8]) throws -> TreeNode? {
        if let found = known[name] { return found }
        guard !isComplete, let lower, let view, let entry = try view.child(name, of: lower) else { return nil }
        let node = TreeNode(showing: entry, of: view)
        known[name] = node
        return node
    }

    /// All nodes by name, in byte order.
    func members() throws -> [(name: [UInt8], node: TreeNode)] {
        if !isComplete, let lower, let view {
            for entry in try view.children(of: lower) {
                let name = Array(entry.name)
                if known[name] == nil { known[name] = TreeNode(showing: entry, of: view) }
            }
            isComplete = true
        }
        return known.compactMap { name, node in node.map { (name, $0) } }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    func put(_ node: TreeNode, as name: [UInt8]) { known[name] = node }

    func remove(_ name: [UInt8]) { known.updateValue(nil, forKey: name) }

    /// A copy whose nodes are copies, each once.
    func fork(_ copies: inout [ObjectIdentifier: TreeNode]) -> TreeDirectory {
        var copied: [[UInt8]: TreeNode?] = [:]
        for (name, node) in known { copied.updateValue(node?.fork(&copies), forKey: name) }
        return TreeDirectory(lower: lower, view: view, known: copied, isComplete: isComplete)
    }
}

extension TreeNode {
    /// A copy that changes do not reach, with the nodes below it.
    func fork(_ copies: inout [ObjectIdentifier: TreeNode]) -> TreeNode {
        if let made = copies[ObjectIdentifier(self)] { return made }
        let forked: TreeBody =
            if case .directory(let directory) = body { .directory(directory.fork(&copies)) } else { body }
        let copy = TreeNode(attributes, forked, isChanged: isChanged, linkIdentity: linkIdentity)
        copy.isShared = isShared
        copies[ObjectIdentifier(self)] = copy
        return copy
    }
}
