// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc

/// The tree of files that an index is made of, in flat arrays: about 150 bytes an entry.
///
/// Names belong to entries, everything else to nodes; a node with several entries is a file with hard links. A later
/// entry of the same name replaces the earlier one. Whiteouts speak of lower layers only, as the OCI specification
/// says: a name that the layer itself has stays, wherever its whiteout stands.
struct FileTree {
    /// The number of a node.
    typealias NodeID = UInt32

    /// Everything about a file but its names.
    struct Node {
        /// Type and permission bits, as in `st_mode`.
        var mode: UInt16
        /// The directory has no entry of its own; its attributes are made up.
        var isImplied = false
        /// The directory hides what lies below it.
        var isOpaque = false
        /// Which tar has the contents, counted from 1.
        var tar: UInt16 = 1
        var uid: UInt32 = 0
        var gid: UInt32 = 0
        var modified: Int64 = 0
        /// The length of contents or link target.
        var size: Int64 = 0
        /// The first block of the contents in the tar, the encoded device, or where the link target is in the arena.
        var data: Int64 = 0
        /// Where the encoded extended attributes are in the arena.
        var xattrStart = 0
        var xattrLength: Int32 = 0

        var type: UInt16 { mode & FileTree.typeMask }
        var isDirectory: Bool { type == FileTree.directoryType }
        var isLink: Bool { type == FileTree.linkType }
    }

    /// A name in a directory.
    struct Entry {
        var parent: NodeID
        /// The node, or `FileTree.none` when there is only a whiteout.
        var node: NodeID
        var nameStart: Int
        var nameLength: UInt8
        /// Whether a whiteout has this name.
        var isWhitedOut = false
    }

    static let none = NodeID.max
    static let root: NodeID = 0
    static let typeMask: UInt16 = 0o170000
    static let directoryType: UInt16 = 0o040000
    static let linkType: UInt16 = 0o120000
    static let regularType: UInt16 = 0o100000
    static let characterType: UInt16 = 0o020000
    static let blockType: UInt16 = 0o060000
    static let fifoType: UInt16 = 0o010000
    static let socketType: UInt16 = 0o140000

    private(set) var nodes: [Node]
    private(set) var entries: [Entry] = []
    private(set) var arena: [UInt8] = []
    /// Open addressing: positions in `entries`, plus one; 0 is free.
    private var table = [UInt32](repeating: 0, count: 1024)

    /// A tree with an implied root.
    init() { nodes = [Node(mode: Self.directoryType | 0o755, isImplied: true)] }

    /// Adds a node without a name.
    mutating func add(_ node: Node) -> NodeID {
        nodes.append(node)
        return NodeID(nodes.count - 1)
    }

    /// Changes a node.
    mutating func update(_ node: NodeID, _ change: (inout Node) -> Void) { change(&nodes[Int(node)]) }

    /// The node with a number that this tree gave out.
    func node(_ id: NodeID) -> Node { nodes[Int(id)] }

    /// Keeps bytes; returns where they are.
    mutating func keep(_ bytes: some Collection<UInt8>) -> Int {
        arena.append(contentsOf: bytes)
        return arena.count - bytes.count
    }

    /// The node called `name` in `parent`; `nil` when there is none, or a whiteout only.
    func child(_ name: ArraySlice<UInt8>, of parent: NodeID) -> NodeID? {
        let position = table[slot(name, parent)]
        guard position != 0 else { return nil }
        let node = entries[Int(position) - 1].node
        return node == Self.none ? nil : node
    }

    /// Gives `node` a name, taking it from whatever had it.
    mutating func link(_ node: NodeID, as name: ArraySlice<UInt8>, in parent: NodeID) {
        let index = entry(name, parent)
        entries[index].node = node
    }

    /// Says that nothing called `name` shows through from lower layers.
    mutating func whiteOut(_ name: ArraySlice<UInt8>, in parent: NodeID) {
        let index = entry(name, parent)
        entries[index].isWhitedOut = true
    }

    /// Makes nodes of the whiteouts: a 0:0 character device, or the opaque mark of a directory of the same name.
    mutating func settleWhiteouts() {
        for index in entries.indices where entries[index].isWhitedOut {
            entries[index].isWhitedOut = false
            let node = entries[index].node
            if node == Self.none {
                entries[index].node = add(Node(mode: Self.characterType))
            } else if nodes[Int(node)].isDirectory {
                nodes[Int(node)].isOpaque = true
            }
        }
    }

    /// The position of the entry with this name, made if need be.
    private mutating func entry(_ name: ArraySlice<UInt8>, _ parent: NodeID) -> Int {
        var at = slot(name, parent)
        if table[at] != 0 { return Int(table[at]) - 1 }
        if (entries.count + 1) * 3 > table.count * 2 {
            grow()
            at = slot(name, parent)
        }
        let start = keep(name)
        entries.append(Entry(parent: parent, node: Self.none, nameStart: start, nameLength: UInt8(name.count)))
        table[at] = UInt32(entries.count)
        return entries.count - 1
    }

    /// Where in `table` the name is, or would be.
    private func slot(_ name: ArraySlice<UInt8>, _ parent: NodeID) -> Int {
        unsafe name.withUnsafeBytes { bytes in
            let mask = table.count - 1
            var at = unsafe Self.hash(bytes, parent) & mask
            while table[at] != 0 {
                let entry = entries[Int(table[at]) - 1]
                if entry.parent == parent, unsafe hasName(entry, bytes) { break }
                at = (at + 1) & mask
            }
            return at
        }
    }

    private func hasName(_ entry: Entry, _ name: UnsafeRawBufferPointer) -> Bool {
        guard Int(entry.nameLength) == name.count else { return false }
        return unsafe arena.withUnsafeBytes { all in
            guard let left = all.baseAddress, let right = name.baseAddress else { return true }
            return unsafe memcmp(left + entry.nameStart, right, name.count) == 0
        }
    }

    private static func hash(_ name: UnsafeRawBufferPointer, _ parent: NodeID) -> Int {
        var hasher = Hasher()
        hasher.combine(parent)
        unsafe hasher.combine(bytes: name)
        return hasher.finalize() & Int.max
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 2)
        let mask = table.count - 1
        for index in entries.indices {
            let entry = entries[index]
            var at = unsafe arena.withUnsafeBytes { all in
                unsafe Self.hash(
                    UnsafeRawBufferPointer(rebasing: all[entry.nameStart..<entry.nameStart + Int(entry.nameLength)]),
                    entry.parent
                ) & mask
            }
            while table[at] != 0 { at = (at + 1) & mask }
            table[at] = UInt32(index + 1)
        }
    }
}
