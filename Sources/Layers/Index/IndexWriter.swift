// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import SystemPackage

/// Lays a `FileTree` out as an EROFS image and writes it.
///
/// Inodes come first, breadth first from the root, then directory blocks and long link targets.
@safe struct IndexWriter: ~Copyable {
    private let tree: FileTree
    private let tarSizes: [Int64]
    /// Positions in `tree.entries`, those of one directory together and in byte order of the names.
    private var kids: [UInt32] = []
    /// Where in `kids` the entries of each node begin; one more than there are nodes.
    private var kidStarts: [UInt32] = []
    /// Every node that can be reached, each once.
    private var order: [FileTree.NodeID] = []
    private var links: [UInt32] = []
    private var parents: [FileTree.NodeID] = []
    private var offsets: [Int] = []
    private var firstBlocks: [UInt32] = []
    private let metaStart: Int
    private var metaEnd = 0
    private var length = 0
    private var image: UnsafeMutableRawBufferPointer

    /// Writes the index of `tree` to `path`, whole or not at all.
    ///
    /// - Parameters:
    ///   - tarSizes: The lengths of the tars, in the order of their devices.
    ///   - name: The DiffID of the layer, or the ChainID of the stack.
    static func write(
        _ tree: consuming FileTree,
        tarSizes: [Int64],
        name: ContentDigest,
        to path: FilePath,
        scratch: ScratchFolder
    ) throws {
        tree.settleWhiteouts()
        var writer = IndexWriter(tree, tarSizes)
        writer.sortEntries()
        writer.visit()
        writer.place()
        writer.fill(name)
        try unsafe PositionedIO.replace(path, with: UnsafeRawBufferPointer(writer.image), scratch: scratch)
    }

    private init(_ tree: consuming FileTree, _ tarSizes: [Int64]) {
        self.tree = tree
        self.tarSizes = tarSizes
        metaStart = Self.round(IndexFormat.devicesAt + IndexFormat.deviceLength * tarSizes.count, IndexFormat.block)
        unsafe image = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit { unsafe image.deallocate() }

    private static func round(_ value: Int, _ unit: Int) -> Int { (value + unit - 1) / unit * unit }

    // MARK: Order

    /// Sorts the entries by directory and name.
    private mutating func sortEntries() {
        kidStarts = [UInt32](repeating: 0, count: tree.nodes.count + 1)
        for entry in tree.entries { kidStarts[Int(entry.parent) + 1] += 1 }
        for index in 1..<kidStarts.count { kidStarts[index] += kidStarts[index - 1] }
        var next = kidStarts
        kids = [UInt32](repeating: 0, count: tree.entries.count)
        for (index, entry) in tree.entries.enumerated() {
            kids[Int(next[Int(entry.parent)])] = UInt32(index)
            next[Int(entry.parent)] += 1
        }
        for node in 0..<tree.nodes.count {
            let range = Int(kidStarts[node])..<Int(kidStarts[node + 1])
            guard range.count > 1 else { continue }
            let isSorted = zip(range, range.dropFirst()).allSatisfy { precedes(kids[$0], kids[$1]) }
            if !isSorted { kids.replaceSubrange(range, with: kids[range].sorted { precedes($0, $1) }) }
        }
    }

    private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        name(left).lexicographicallyPrecedes(name(right))
    }

    private func name(_ entry: UInt32) -> ArraySlice<UInt8> {
        let entry = tree.entries[Int(entry)]
        return tree.arena[entry.nameStart..<entry.nameStart + Int(entry.nameLength)]
    }

    private func kids(of node: FileTree.NodeID) -> Range<Int> {
        Int(kidStarts[Int(node)])..<Int(kidStarts[Int(node) + 1])
    }

    /// Finds what can be reached from the root, and counts names.
    private mutating func visit() {
        links = [UInt32](repeating: 0, count: tree.nodes.count)
        parents = [FileTree.NodeID](repeating: FileTree.root, count: tree.nodes.count)
        order.reserveCapacity(tree.nodes.count)
        order.append(FileTree.root)
        links[Int(FileTree.root)] = 2
        var at = 0
        while at < order.count {
            let directory = order[at]
            at += 1
            guard tree.node(directory).isDirectory else { continue }
            for kid in kids(of: directory) {
                let node = tree.entries[Int(kids[kid])].node
                if links[Int(node)] == 0 { order.append(node) }
                links[Int(node)] += 1
                if tree.node(node).isDirectory {
                    links[Int(node)] += 1
                    links[Int(directory)] += 1
                    parents[Int(node)] = directory
                }
            }
        }
    }

    // MARK: Places

    /// The extended attributes of a node as they are stored.
    private func xattrs(_ node: FileTree.Node) -> ArraySlice<UInt8> {
        let stored = tree.arena[node.xattrStart..<node.xattrStart + Int(node.xattrLength)]
        return node.isOpaque && node.isDirectory ? XattrFormat.addingOpaque(to: stored)[...] : stored
    }

    private func hasInlineTarget(_ node: FileTree.Node) -> Bool {
        node.isLink && node.size <= Int64(IndexFormat.longestInlineTarget)
    }

    private func isChunked(_ node: FileTree.Node) -> Bool { node.type == FileTree.regularType && node.size > 0 }

    /// Gives every node its place and every directory its blocks.
    private mutating func place() {
        offsets = [Int](repeating: 0, count: tree.nodes.count)
        firstBlocks = [UInt32](repeating: 0, count: tree.nodes.count)
        var at = metaStart
        for id in order {
            let node = tree.node(id)
            let head = IndexFormat.inodeLength + xattrs(node).count
            if hasInlineTarget(node) {
                while (at + head) / IndexFormat.block != (at + head + Int(node.size) - 1) / IndexFormat.block {
                    at += IndexFormat.slot
                }
            }
            offsets[Int(id)] = at
            at += head
            if hasInlineTarget(node) { at += Int(node.size) }
            if isChunked(node) { at = Self.round(at, 8) + 8 }
            at = Self.round(at, IndexFormat.slot)
        }
        metaEnd = Self.round(at, IndexFormat.block)
        var block = metaEnd / IndexFormat.block
        for id in order {
            let node = tree.node(id)
            var count = 0
            if node.isDirectory {
                count = blockCount(of: id)
            } else if node.isLink && !hasInlineTarget(node) {
                count = Self.round(Int(node.size), IndexFormat.block) / IndexFormat.block
            }
            firstBlocks[Int(id)] = count == 0 ? 0 : UInt32(block)
            block += count
        }
        length = block * IndexFormat.block
    }

    /// Calls `body` for the entries of a directory in byte order, `.` and `..` among them.
    private func forEachEntry(
        of directory: FileTree.NodeID,
        _ body: (_ name: ArraySlice<UInt8>, _ node: FileTree.NodeID) -> Void
    ) {
        let dot = UInt8(ascii: ".")
        var own: [(name: ArraySlice<UInt8>, node: FileTree.NodeID)] = [
            ([dot, dot], parents[Int(directory)]), ([dot], directory),
        ]
        for kid in kids(of: directory) {
            let name = name(kids[kid])
            while let next = own.last, next.name.lexicographicallyPrecedes(name) {
                body(next.name, next.node)
                own.removeLast()
            }
            body(name, tree.entries[Int(kids[kid])].node)
        }
        while let next = own.popLast() { body(next.name, next.node) }
    }

    private func blockCount(of directory: FileTree.NodeID) -> Int {
        var count = 1
        var used = 0
        forEachEntry(of: directory) { name, _ in
            let need = IndexFormat.direntLength + name.count
            if used + need > IndexFormat.block {
                count += 1
                used = 0
            }
            used += need
        }
        return count
    }

    // MARK: Bytes

    private func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        unsafe image.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }

    private func put(_ bytes: some Collection<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        unsafe UnsafeMutableRawBufferPointer(rebasing: image[offset..<offset + bytes.count]).copyBytes(from: bytes)
    }

    private func number(_ node: FileTree.NodeID) -> UInt64 { UInt64(offsets[Int(node)] / IndexFormat.slot) }

    private mutating func fill(_ name: ContentDigest) {
        unsafe image = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 4096)
        unsafe image.initializeMemory(as: UInt8.self, repeating: 0)
        for (index, id) in order.enumerated() { fillNode(id, number: UInt32(index + 1)) }
        fillSuperblock()
        put(IndexFormat.signature, at: 0)
        put(UInt64(length), at: IndexFormat.lengthAt)
        let isImplied = order.dropFirst().contains { tree.node($0).isImplied }
        put(isImplied ? IndexFormat.hasImpliedDirectories : 0, at: IndexFormat.flagsAt)
        put(UInt64(order.count), at: IndexFormat.entriesAt)
        put(name.bytes, at: IndexFormat.nameAt)
        var hasher = SHA256Hasher()
        unsafe hasher.update(UnsafeRawBufferPointer(image))
        put(hasher.digest().bytes, at: IndexFormat.checksumAt)
    }

    private func fillNode(_ id: FileTree.NodeID, number serial: UInt32) {
        let node = tree.node(id)
        let at = offsets[Int(id)]
        let area = xattrs(node)
        var layout = IndexFormat.plainLayout
        var size = node.size
        var union: UInt32 = 0
        let tail = at + IndexFormat.inodeLength + area.count
        if node.isDirectory {
            union = firstBlocks[Int(id)]
            size = Int64(fillDirectory(id))
        } else if isChunked(node) {
            layout = IndexFormat.chunkLayout
            let blocks = UInt64((node.size + 511) / 512)
            union = UInt32(64 - (blocks - 1).leadingZeroBitCount) | 0x20
            put(node.tar, at: Self.round(tail, 8) + 2)
            put(UInt32(node.data), at: Self.round(tail, 8) + 4)
        } else if node.isLink {
            let target = tree.arena[Int(node.data)..<Int(node.data + node.size)]
            if hasInlineTarget(node) {
                layout = IndexFormat.inlineLayout
                put(target, at: tail)
            } else {
                union = firstBlocks[Int(id)]
                put(target, at: Int(union) * IndexFormat.block)
            }
        } else if node.type == FileTree.characterType || node.type == FileTree.blockType {
            union = UInt32(node.data)
        }
        let fraction = node.modified % 1_000_000_000
        put(1 | layout << 1, at: at)
        put(area.isEmpty ? 0 : UInt16((area.count - 12) / 4 + 1), at: at + 2)
        put(node.mode, at: at + 4)
        put(size, at: at + 8)
        put(union, at: at + 16)
        put(serial, at: at + 20)
        put(node.uid, at: at + 24)
        put(node.gid, at: at + 28)
        put(Timestamp(nanoseconds: node.modified).seconds, at: at + 32)
        put(UInt32(fraction < 0 ? fraction + 1_000_000_000 : fraction), at: at + 40)
        put(links[Int(id)], at: at + 44)
        put(node.isImplied ? IndexFormat.impliedFlag : 0, at: at + IndexFormat.inodeFlagsAt)
        put(area, at: at + IndexFormat.inodeLength)
    }

    /// Writes the blocks of a directory; returns its size in bytes.
    private func fillDirectory(_ id: FileTree.NodeID) -> Int {
        let first = Int(firstBlocks[Int(id)]) * IndexFormat.block
        var start = first
        var pending: [(name: ArraySlice<UInt8>, node: FileTree.NodeID)] = []
        var used = 0
        func flush() {
            var nameAt = IndexFormat.direntLength * pending.count
            for (index, entry) in pending.enumerated() {
                let at = start + index * IndexFormat.direntLength
                put(number(entry.node), at: at)
                put(UInt16(nameAt), at: at + 8)
                put(IndexFormat.entryType(tree.node(entry.node).mode), at: at + 10)
                put(entry.name, at: start + nameAt)
                nameAt += entry.name.count
            }
            pending.removeAll(keepingCapacity: true)
        }
        forEachEntry(of: id) { name, node in
            let need = IndexFormat.direntLength + name.count
            if used + need > IndexFormat.block {
                flush()
                start += IndexFormat.block
                used = 0
            }
            pending.append((name, node))
            used += need
        }
        flush()
        return start - first + used
    }

    private func fillSuperblock() {
        let at = IndexFormat.superblockAt
        put(IndexFormat.magic, at: at)
        put(UInt32(1 | 2), at: at + 8)
        put(UInt8(9), at: at + 12)
        put(UInt16(number(FileTree.root)), at: at + 14)
        put(UInt64(order.count), at: at + 16)
        put(UInt32(length / IndexFormat.block), at: at + 36)
        put(UInt32(4 | 8), at: at + 80)
        put(UInt16(tarSizes.count), at: at + 86)
        put(UInt16(IndexFormat.devicesAt / IndexFormat.deviceLength), at: at + 88)
        for (index, size) in tarSizes.enumerated() {
            let blocks = UInt32(clamping: (size + 511) / 512)
            put(blocks, at: IndexFormat.devicesAt + index * IndexFormat.deviceLength + 64)
        }
        let crc = unsafe image.baseAddress.map {
            unsafe reel_crc32c(0xFFFF_FFFF, $0 + at, IndexFormat.block)
        }
        put(crc ?? 0, at: at + 4)
    }
}
