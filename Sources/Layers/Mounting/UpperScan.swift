// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import OCIModel
import SystemPackage

/// One thing that an upper directory says, in the order in which a layer wants it.
struct UpperEntry {
    /// What it says.
    enum Form {
        /// An entry is here.
        case present
        /// What lower layers have here is gone.
        case whiteout
    }

    let form: Form
    let path: [UInt8]
    let attributes: FileAttributes
    let size: Int64
    let linkTarget: [UInt8]
    let inode: UInt64
    let links: Int
    /// What lies below it.
    let lower: ViewEntry?
    /// The position of its directory; `nil` for what lies in the root, and the root.
    let parent: Int?
    /// Whether the layer must have it.
    var isChanged: Bool
}

/// Finds what an upper directory changes of the snapshot below it.
struct UpperScan {
    /// The upper directory.
    let upper: RootFolder
    /// What lies below.
    let lower: LayerView
    let timestamps: TimestampPolicy
    /// Whether all files belong to one user because others can't exist here.
    let hasSingleID: Bool
    /// Whether files with certain names are marks, as fuse-overlayfs makes them: `.wh.NAME` for a whiteout, and
    /// `.wh..wh..opq` in an opaque directory.
    let marksByName: Bool

    /// The changes, in `LayerWriter`'s order: byte order of the whole paths, whiteouts right after their directory.
    ///
    /// Directories that are only parents of changes are among them; everything else that equals what lies below isn't.
    func changes() throws -> [UpperEntry] {
        var entries: [UpperEntry] = []
        try scanRoot(into: &entries)
        try keepHardLinksTogether(&entries)
        for index in entries.indices.reversed() where entries[index].isChanged {
            var parent = entries[index].parent
            while let one = parent, !entries[one].isChanged {
                entries[one].isChanged = true
                parent = entries[one].parent
            }
        }
        return entries.filter(\.isChanged)
    }

    // MARK: Scanning

    /// A directory whose names have been read.
    private struct Listing {
        let path: [UInt8]
        let position: Int?
        let lower: ViewEntry?
        /// Whether nothing of the lower layers shows in it.
        let isOpaque: Bool
        let names: [(name: [UInt8], status: FileStatus)]
    }

    private static let mark = Array(".wh.".utf8)
    private static let opaqueMark = Array(".wh..wh..opq".utf8)

    private func scanRoot(into entries: inout [UpperEntry]) throws {
        let below = try lower.snapshot.layers.isEmpty ? nil : lower.root
        let dot = [UInt8(ascii: ".")]
        let status = try FileStatus(of: dot, in: upper.descriptor)
        let attributes = status.attributes(try ExtendedAttributes.read(dot, in: upper.descriptor).kept)
        let before = below?.attributes ?? FileAttributes(kind: .directory, mode: 0o755)
        entries.append(
            UpperEntry(
                form: .present,
                path: [],
                attributes: attributes,
                size: 0,
                linkTarget: [],
                inode: 0,
                links: 1,
                lower: below,
                parent: nil,
                isChanged: !isSame(attributes, before)
            )
        )
        let listing = try list([], position: nil, lower: below, isOpaque: false, into: &entries)
        try descend(listing, into: &entries)
    }

    /// Reads a directory and adds its whiteouts.
    private func list(
        _ path: [UInt8],
        position: Int?,
        lower below: ViewEntry?,
        isOpaque: Bool,
        into entries: inout [UpperEntry]
    ) throws -> Listing {
        let folder = try open(path, O_RDONLY | O_DIRECTORY)
        defer { try? folder.close() }
        var names: [(name: [UInt8], status: FileStatus)] = []
        var gone: [[UInt8]] = []
        var isOpaque = isOpaque
        for name in try DirectoryNames.read(folder) {
            if marksByName, name.starts(with: Self.mark) {
                if name == Self.opaqueMark { isOpaque = true } else { gone.append(Array(name[Self.mark.count...])) }
                continue
            }
            let status = try FileStatus(of: name, in: folder)
            if status.kind != .whiteout { names.append((name, status)) } else { gone.append(name) }
        }
        if isOpaque { gone = [] }
        if isOpaque, let below {
            let present = Set(names.map(\.name))
            gone = try lower.children(of: below).map { Array($0.name) }.filter { !present.contains($0) }
        }
        for name in gone.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            guard let below, let hidden = try lower.child(name, of: below) else { continue }
            entries.append(
                UpperEntry(
                    form: .whiteout,
                    path: PathBytes.join(path, name),
                    attributes: hidden.attributes,
                    size: 0,
                    linkTarget: [],
                    inode: 0,
                    links: 1,
                    lower: hidden,
                    parent: position,
                    isChanged: true
                )
            )
        }
        return Listing(path: path, position: position, lower: below, isOpaque: isOpaque, names: names)
    }

    private func descend(_ listing: Listing, into entries: inout [UpperEntry]) throws {
        // A directory stands at its name, and what is in it at its name with a slash: `a`, `a.b`, `a/x`.
        var places: [(key: [UInt8], name: Int, isInside: Bool)] = []
        for (index, (name, status)) in listing.names.enumerated() {
            places.append((name, index, false))
            if status.kind == .directory { places.append((name + [PathBytes.slash], index, true)) }
        }
        places.sort { $0.key.lexicographicallyPrecedes($1.key) }
        var inside: [Int: Listing] = [:]
        // Open only while entries are added: a tree may be deeper than descriptors are many.
        var folder: FileDescriptor?
        defer { try? folder?.close() }
        for place in places {
            if place.isInside {
                guard let next = inside.removeValue(forKey: place.name) else { continue }
                try? folder?.close()
                folder = nil
                try descend(next, into: &entries)
                continue
            }
            let (name, status) = listing.names[place.name]
            if status.kind == .socket { continue }
            let opened = try folder ?? open(listing.path, O_PATH | O_DIRECTORY)
            folder = opened
            inside[place.name] = try add(name, status, of: listing, in: opened, to: &entries)
        }
    }

    /// Adds an entry, and reads it if it is a directory.
    private func add(
        _ name: [UInt8],
        _ status: FileStatus,
        of listing: Listing,
        in folder: FileDescriptor,
        to entries: inout [UpperEntry]
    ) throws -> Listing? {
        let path = PathBytes.join(listing.path, name)
        let below = try listing.lower.flatMap { try lower.child(name, of: $0) }
        let (xattrs, isMarked) = try ExtendedAttributes.read(name, in: folder)
        var attributes = status.attributes(xattrs)
        if hasSingleID, let below, below.kind == attributes.kind, attributes.uid == 0, attributes.gid == 0 {
            attributes.uid = below.attributes.uid
            attributes.gid = below.attributes.gid
        }
        let target = status.kind == .symbolicLink ? try LinkTarget.read(name, in: folder) : []
        var entry = UpperEntry(
            form: .present,
            path: path,
            attributes: attributes,
            size: status.kind == .regular ? status.size : 0,
            linkTarget: target,
            inode: status.inode,
            links: status.links,
            lower: below,
            parent: listing.position,
            isChanged: true
        )
        entry.isChanged = try !equalsLower(entry, in: folder, name)
        entries.append(entry)
        guard status.kind == .directory else { return nil }
        let belowDirectory = below?.kind == .directory ? below : nil
        return try list(
            path,
            position: entries.count - 1,
            lower: belowDirectory,
            isOpaque: listing.isOpaque || isMarked,
            into: &entries
        )
    }

    // MARK: Comparing

    private func equalsLower(_ entry: UpperEntry, in folder: FileDescriptor, _ name: [UInt8]) throws -> Bool {
        guard let below = entry.lower, isSame(entry.attributes, below.attributes) else { return false }
        if entry.attributes.kind == .directory { return true }
        let raw = entry.attributes.modified
        let was = below.attributes.modified
        guard raw == was || timestamps.apply(to: raw) == was else { return false }
        guard entry.size == below.size, entry.linkTarget == below.linkTarget else { return false }
        guard entry.attributes.kind == .regular, entry.size > 0 else { return true }
        let file = try RootFolder.entry(name, of: folder, flags: O_RDONLY)
        defer { try? file.close() }
        return try lower.withContent(of: below) { tar, start in
            try DataCopying.areEqual(file, at: 0, tar, at: start, length: entry.size)
        }
    }

    /// Whether all but the time is the same.
    ///
    /// A directory's time changes with what is in it, and doesn't count.
    private func isSame(_ left: FileAttributes, _ right: FileAttributes) -> Bool {
        left.kind == right.kind && left.mode == right.mode && left.uid == right.uid && left.gid == right.gid
            && left.device == right.device
            && left.xattrs.filter { ExtendedAttributes.isKept($0.name) }
                == right.xattrs.filter { ExtendedAttributes.isKept($0.name) }
    }

    /// Names of one file are in the layer all together or not at all, and also when they were several files below.
    private func keepHardLinksTogether(_ entries: inout [UpperEntry]) throws {
        var groups: [UInt64: [Int]] = [:]
        for (index, entry) in entries.enumerated()
        where entry.form == .present && entry.links > 1 && entry.attributes.kind != .directory {
            groups[entry.inode, default: []].append(index)
        }
        for group in groups.values where group.count > 1 {
            let identities = Set(group.map { entries[$0].lower?.identity })
            guard identities.count > 1 || group.contains(where: { entries[$0].isChanged }) else { continue }
            for index in group { entries[index].isChanged = true }
        }
    }

    // MARK: Files

    private func open(_ path: [UInt8], _ flags: Int32) throws -> FileDescriptor {
        try upper.open(path, flags: flags | O_NOFOLLOW)
    }
}
