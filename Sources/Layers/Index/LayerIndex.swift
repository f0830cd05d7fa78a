// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// An index on disk, mapped into memory and read in place.
///
/// Its checksum is verified when it is opened; every later access is still checked against the bounds of the file.
@safe final class LayerIndex: Sendable {
    /// Where it is.
    let path: FilePath
    /// The mapping, which is read-only and lives as long as this object: safe to share.
    private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let length: Int

    /// Opens the index at `path`.
    ///
    /// - Parameters:
    ///   - name: The DiffID or ChainID that it must be for.
    ///   - tarSizes: The lengths of the tars that it must speak of.
    /// - Returns: `nil` when there is none, or a damaged or foreign one: make it again.
    init?(_ path: FilePath, name: ContentDigest, tarSizes: [Int64]) {
        self.path = path
        guard let file = try? PositionedIO.open(path, O_RDONLY) else { return nil }
        defer { try? file.close() }
        guard let length = try? PositionedIO.length(of: file, subject: path.string), length >= 1536,
            let start = unsafe mmap(nil, Int(length), PROT_READ, MAP_PRIVATE, file.rawValue, 0),
            unsafe start != MAP_FAILED
        else { return nil }
        unsafe bytes = UnsafeRawBufferPointer(start: start, count: Int(length))
        self.length = Int(length)
        guard unsafe Self.isIntact(bytes, name: name, tarSizes: tarSizes) else { return nil }
    }

    deinit {
        if let start = unsafe UnsafeMutableRawPointer(mutating: bytes.baseAddress) { unsafe munmap(start, length) }
    }

    private static func isIntact(_ bytes: UnsafeRawBufferPointer, name: ContentDigest, tarSizes: [Int64]) -> Bool {
        func field(_ start: Int, _ count: Int) -> Slice<UnsafeRawBufferPointer> { unsafe bytes[start..<start + count] }
        func number(_ at: Int) -> UInt64 {
            unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self).littleEndian
        }
        guard unsafe field(0, 16).elementsEqual(IndexFormat.signature),
            number(IndexFormat.lengthAt) == UInt64(bytes.count),
            unsafe field(IndexFormat.nameAt, 32).elementsEqual(name.bytes)
        else { return false }
        var hasher = SHA256Hasher()
        unsafe hasher.update(UnsafeRawBufferPointer(rebasing: field(0, IndexFormat.checksumAt)))
        hasher.update([UInt8](repeating: 0, count: 32))
        unsafe hasher.update(UnsafeRawBufferPointer(rebasing: bytes[(IndexFormat.checksumAt + 32)...]))
        guard unsafe field(IndexFormat.checksumAt, 32).elementsEqual(hasher.digest().bytes) else { return false }
        let devices = unsafe bytes.loadUnaligned(fromByteOffset: IndexFormat.superblockAt + 86, as: UInt16.self)
        guard Int(devices.littleEndian) == tarSizes.count,
            IndexFormat.devicesAt + tarSizes.count * IndexFormat.deviceLength <= bytes.count
        else { return false }
        return tarSizes.indices.allSatisfy { index in
            let at = IndexFormat.devicesAt + index * IndexFormat.deviceLength + 64
            let blocks = unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
            return blocks == UInt32(clamping: (tarSizes[index] + 511) / 512)
        }
    }

    /// Whether a directory other than the root has attributes that were made up.
    var hasImpliedDirectories: Bool {
        ((try? load(IndexFormat.flagsAt, as: UInt32.self)) ?? 0) & IndexFormat.hasImpliedDirectories != 0
    }

    /// The number of the root's node.
    var root: UInt64 { get throws { UInt64(try load(IndexFormat.superblockAt + 14, as: UInt16.self)) } }

    /// The number of nodes, which is the number of files without counting hard links twice.
    var nodeCount: Int { Int(clamping: (try? load(IndexFormat.entriesAt, as: UInt64.self)) ?? 0) }

    private var damage: LayerError { .damagedIndex(path.string) }

    private func load<Value: FixedWidthInteger>(_ at: Int, as type: Value.Type) throws -> Value {
        guard at >= 0, at <= length - MemoryLayout<Value>.size else { throw damage }
        return unsafe Value(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Value.self))
    }

    private func slice(_ at: Int, _ count: Int) throws -> UnsafeRawBufferPointer {
        guard at >= 0, count >= 0, at <= length, count <= length - at else { throw damage }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
    }

    /// Everything about one file but its names, as it is stored.
    struct Node {
        let id: UInt64
        let layout: UInt16
        let xattrCount: UInt16
        let mode: UInt16
        let size: Int64
        let union: UInt32
        let uid: UInt32
        let gid: UInt32
        let seconds: Int64
        let nanoseconds: UInt32
        let links: UInt32
        let isImplied: Bool

        var type: UInt16 { mode & FileTree.typeMask }
        var isDirectory: Bool { type == FileTree.directoryType }
        /// overlayfs's whiteout.
        var isWhiteout: Bool { type == FileTree.characterType && union == 0 }
        fileprivate var at: Int { Int(id) * IndexFormat.slot }
        fileprivate var xattrLength: Int { xattrCount == 0 ? 0 : 12 + (Int(xattrCount) - 1) * 4 }
        fileprivate var tail: Int { at + IndexFormat.inodeLength + xattrLength }
    }

    /// The node with a number.
    func node(_ id: UInt64) throws -> Node {
        guard id < UInt64(length / IndexFormat.slot) else { throw damage }
        let at = Int(id) * IndexFormat.slot
        _ = try unsafe slice(at, IndexFormat.inodeLength)
        let node = Node(
            id: id,
            layout: try load(at, as: UInt16.self) >> 1 & 7,
            xattrCount: try load(at + 2, as: UInt16.self),
            mode: try load(at + 4, as: UInt16.self),
            size: try load(at + 8, as: Int64.self),
            union: try load(at + 16, as: UInt32.self),
            uid: try load(at + 24, as: UInt32.self),
            gid: try load(at + 28, as: UInt32.self),
            seconds: try load(at + 32, as: Int64.self),
            nanoseconds: try load(at + 40, as: UInt32.self),
            links: try load(at + 44, as: UInt32.self),
            isImplied: try load(at + IndexFormat.inodeFlagsAt, as: UInt8.self) & IndexFormat.impliedFlag != 0
        )
        guard node.size >= 0 else { throw damage }
        return node
    }

    /// Where the contents of a regular file are: which tar, counted from 1, and the first byte; `nil` if it is empty.
    func content(of node: Node) throws -> (tar: Int, offset: Int64)? {
        guard node.layout == IndexFormat.chunkLayout else { return nil }
        let at = (node.tail + 7) & ~7
        return (Int(try load(at + 2, as: UInt16.self)), Int64(try load(at + 4, as: UInt32.self)) * 512)
    }

    /// The target of a symbolic link.
    func target(of node: Node) throws -> [UInt8] {
        guard node.type == FileTree.linkType, node.size <= Int64(PathRules.longestTarget) else { throw damage }
        let at = node.layout == IndexFormat.inlineLayout ? node.tail : Int(node.union) * IndexFormat.block
        return unsafe Array(try slice(at, Int(node.size)))
    }

    /// The extended attributes, overlayfs's own among them, sorted by name.
    func xattrs(of node: Node) throws -> [ExtendedAttribute] {
        guard node.xattrCount > 0 else { return [] }
        let area = try unsafe slice(node.at + IndexFormat.inodeLength, node.xattrLength)
        guard let found = unsafe XattrFormat.decode(area) else { throw damage }
        return found
    }

    // MARK: Directories

    /// One name in a directory.
    ///
    /// The name is valid as long as the index.
    @safe struct Entry {
        let name: UnsafeRawBufferPointer
        let node: UInt64

        var nameBytes: [UInt8] { unsafe Array(name) }
    }

    /// The entries of a directory in byte order, without `.` and `..`.
    func entries(of node: Node) throws -> [Entry] {
        var found: [Entry] = []
        for block in 0..<(try blockCount(node)) {
            let count = try entryCount(node, block)
            for index in 0..<count {
                let entry = try entry(node, block, index, of: count)
                if !Self.isDots(entry) { found.append(entry) }
            }
        }
        return found
    }

    /// The number of the node called `name` in a directory.
    func lookUp(_ name: UnsafeRawBufferPointer, in node: Node) throws -> UInt64? {
        var low = 0
        var high = try blockCount(node)
        while high - low > 1 {
            let middle = (low + high) / 2
            let first = try entry(node, middle, 0, of: try entryCount(node, middle))
            if unsafe Self.compare(name, first.name) < 0 { high = middle } else { low = middle }
        }
        guard low < high else { return nil }
        let count = try entryCount(node, low)
        var left = 0
        var right = count
        while left < right {
            let middle = (left + right) / 2
            let candidate = try entry(node, low, middle, of: count)
            let order = unsafe Self.compare(name, candidate.name)
            if order == 0 { return candidate.node }
            if order < 0 { right = middle } else { left = middle + 1 }
        }
        return nil
    }

    private func blockCount(_ node: Node) throws -> Int {
        guard node.isDirectory, node.layout == IndexFormat.plainLayout else { throw damage }
        let count = (node.size + Int64(IndexFormat.block) - 1) / Int64(IndexFormat.block)
        guard Int64(node.union) + count <= Int64(length / IndexFormat.block) else { throw damage }
        return Int(count)
    }

    private func start(_ node: Node, _ block: Int) -> Int { (Int(node.union) + block) * IndexFormat.block }

    /// How many bytes of a block of a directory are in use.
    private func used(_ node: Node, _ block: Int) -> Int {
        Int(min(Int64(IndexFormat.block), node.size - Int64(block) * Int64(IndexFormat.block)))
    }

    private func entryCount(_ node: Node, _ block: Int) throws -> Int {
        let first = Int(try load(start(node, block) + 8, as: UInt16.self))
        guard first >= IndexFormat.direntLength, first % IndexFormat.direntLength == 0, first <= used(node, block)
        else {
            throw damage
        }
        return first / IndexFormat.direntLength
    }

    private func entry(_ node: Node, _ block: Int, _ index: Int, of count: Int) throws -> Entry {
        let base = start(node, block)
        let at = base + index * IndexFormat.direntLength
        let nameAt = Int(try load(at + 8, as: UInt16.self))
        let nameEnd =
            index + 1 < count
            ? Int(try load(at + IndexFormat.direntLength + 8, as: UInt16.self)) : used(node, block)
        guard nameAt <= nameEnd, nameEnd <= IndexFormat.block else { throw damage }
        var name = try unsafe slice(base + nameAt, nameEnd - nameAt)
        if index + 1 == count, let end = unsafe name.firstIndex(of: 0) {
            unsafe name = UnsafeRawBufferPointer(rebasing: name[..<end])
        }
        return unsafe Entry(name: name, node: try load(at, as: UInt64.self))
    }

    private static func isDots(_ entry: Entry) -> Bool {
        unsafe entry.name.count <= 2 && entry.name.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// Less than, equal to or greater than 0, as `left` is before, at or behind `right` in byte order.
    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let common = min(left.count, right.count)
        if common > 0, let first = left.baseAddress, let second = right.baseAddress {
            let order = unsafe memcmp(first, second, common)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }
}
