// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import PathPatterns

/// One thing that a walk found.
struct WalkedEntry: Sendable {
    enum Kind: Sendable, Equatable {
        case directory
        case file
        case symbolicLink(target: [UInt8])
        /// The index of the entry that has the file's first name.
        case hardLink(first: Int)
    }

    var path: [UInt8]
    var status: FileStatus
    var kind: Kind
    var xattrs: [ExtendedAttribute] = []
    /// Whether it is there for the sake of what may be inside only.
    var isPlaceholder = false
}

/// A walk through a tree that gives the entries in byte order of their whole paths (`a`, `a.b`, `a/x`).
///
/// One directory is open at a time, and no call nests, so that neither descriptors nor the stack limit the depth.
struct ContextWalk {
    private(set) var entries: [WalkedEntry] = []
    private(set) var skipped: [SkippedEntry] = []

    private let root: ContextRoot
    private let filter: PathFilter
    private var frames: [Frame] = []

    /// A directory that is being gone through.
    private struct Frame {
        /// Its index in `entries`; `nil` for the root.
        let entry: Int?
        let items: [Item]
        var next = 0
    }

    /// An entry of a directory, or (`opens` is set) the place in the order where the contents of a directory come.
    private struct Item {
        /// The name; with a `/` after it where the contents come.
        let key: [UInt8]
        let entry: WalkedEntry?
        let path: [UInt8]
        let opens: DirectoryVisit?
        /// Whether a directory that can't be read may be passed by, since it is not wanted itself.
        var isOptional: Bool { opens?.isKept == false }
    }

    init(root: ContextRoot, filter: PathFilter) {
        self.root = root
        self.filter = filter
    }

    /// Goes through the whole tree.
    mutating func run() throws {
        frames = [Frame(entry: nil, items: try list([], visit: nil, entry: nil))]
        var places: [[UInt8]: Int] = [:]
        while let frame = frames.last {
            guard frame.next < frame.items.count else {
                frames.removeLast()
                continue
            }
            frames[frames.count - 1].next += 1
            let item = frame.items[frame.next]
            if let entry = item.entry {
                if entry.kind == .directory { places[item.path] = entries.count }
                if !entry.isPlaceholder { keepParents() }
                entries.append(entry)
            } else if let visit = item.opens, let place = places.removeValue(forKey: item.path) {
                do {
                    frames.append(Frame(entry: place, items: try list(item.path, visit: visit, entry: place)))
                } catch ContextError.unreadable where item.isOptional {}
            }
        }
        if entries.contains(where: \.isPlaceholder) { entries.removeAll(where: \.isPlaceholder) }
        linkNames()
    }

    /// Makes the directories that are being gone through part of the result.
    private mutating func keepParents() {
        for frame in frames.reversed() {
            guard let entry = frame.entry, entries[entry].isPlaceholder else { return }
            entries[entry].isPlaceholder = false
        }
    }

    /// Finds the names that are one file.
    private mutating func linkNames() {
        struct Identity: Hashable {
            let device: UInt64
            let inode: UInt64
        }
        var first: [Identity: Int] = [:]
        for index in entries.indices where entries[index].kind == .file && entries[index].status.links > 1 {
            let stamp = entries[index].status.stamp
            let identity = Identity(device: stamp.device, inode: stamp.inode)
            if let earlier = first[identity] {
                entries[index].kind = .hardLink(first: earlier)
            } else {
                first[identity] = index
            }
        }
    }

    /// The wanted items of a directory, in order; its own attributes go to `entries[entry]`.
    private mutating func list(_ path: [UInt8], visit: DirectoryVisit?, entry: Int?) throws -> [Item] {
        do {
            let file = try root.open(path, directory: true)
            if let entry { entries[entry].xattrs = try file.attributes() }
            let listing = try DirectoryListing(file)
            var items: [Item] = []
            for name in try listing.names() {
                let full = PathBytes.join(path, name.bytes)
                do {
                    try add(name, full, of: listing, below: visit, to: &items)
                } catch let failure as SystemErrno {
                    throw Self.error(failure, at: full)
                }
            }
            items.sort { $0.key.precedes($1.key) }
            return items
        } catch let failure as SystemErrno {
            throw Self.error(failure, at: path)
        }
    }

    private mutating func add(
        _ name: DirectoryListing.Name,
        _ path: [UInt8],
        of listing: borrowing DirectoryListing,
        below parent: DirectoryVisit?,
        to items: inout [Item]
    ) throws {
        var type = UInt32(name.type) << 12
        var known: FileStatus?
        if name.type == UInt8(DT_UNKNOWN) {
            known = try listing.status(of: name.bytes)
            type = known?.format ?? 0
        }
        if type == S_IFDIR {
            let visit = filter.visit(directory: path, below: parent)
            guard visit.isKept || visit.isEntered else { return }
            let status = try known ?? listing.status(of: name.bytes)
            let entry = WalkedEntry(path: path, status: status, kind: .directory, isPlaceholder: !visit.isKept)
            items.append(Item(key: name.bytes, entry: entry, path: path, opens: nil))
            items.append(Item(key: name.bytes + [PathBytes.slash], entry: nil, path: path, opens: visit))
            return
        }
        guard filter.keepsEverything || filter.keeps(path, below: parent) else { return }
        let status = try known ?? listing.status(of: name.bytes)
        let kind: WalkedEntry.Kind
        switch status.format {
        case S_IFREG: kind = .file
        case S_IFLNK: kind = .symbolicLink(target: try listing.target(of: name.bytes))
        case S_IFSOCK:
            skipped.append(SkippedEntry(path: ContextPath.text(path), reason: "socket"))
            return
        case S_IFIFO: throw ContextError.specialFile(path: ContextPath.text(path), what: "named pipe")
        case S_IFCHR: throw ContextError.specialFile(path: ContextPath.text(path), what: "character device")
        case S_IFBLK: throw ContextError.specialFile(path: ContextPath.text(path), what: "block device")
        default: throw ContextError.vanished(ContextPath.text(path))
        }
        items.append(
            Item(key: name.bytes, entry: WalkedEntry(path: path, status: status, kind: kind), path: path, opens: nil)
        )
    }

    /// The error for a failed call about `path`.
    static func error(_ failure: SystemErrno, at path: [UInt8]) -> ContextError {
        let text = path.isEmpty ? "." : ContextPath.text(path)
        return switch failure.code {
        case ENOENT, ENOTDIR, ELOOP: .vanished(text)
        default: .unreadable(path: text, reason: errnoText(failure.code))
        }
    }
}

extension [UInt8] {
    /// Whether it comes first in byte order.
    @inline(__always)
    func precedes(_ other: [UInt8]) -> Bool {
        let common = Swift.min(count, other.count)
        let order = unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                guard common > 0, let first = left.baseAddress, let second = right.baseAddress else { return Int32(0) }
                return unsafe memcmp(first, second, common)
            }
        }
        return order == 0 ? count < other.count : order < 0
    }
}
