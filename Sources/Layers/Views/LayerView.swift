// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import OCIModel
import SystemPackage

/// How a lookup treats symbolic links.
///
/// Links in the middle of a path are always followed, inside the root.
public enum FollowMode: Sendable {
    /// The last component is not followed, as in `lstat`.
    case parents
    /// The last component is followed too, as in `stat`.
    case all
}

/// Where a path leads, whether all of it exists or not.
public struct ResolvedPath: Sendable {
    /// The path without symbolic links, `.` and `..`; components that don't exist are taken as they are.
    public let path: [UInt8]
    /// What is there; `nil` when something on the way is missing or no directory.
    public let entry: ViewEntry?
}

/// The files of a snapshot, read from the indexes and tars of its layers.
///
/// Nothing is mounted.
///
/// What it shows is what overlayfs would show: whiteouts and opaque directories are applied, the topmost layer decides.
/// A directory that a layer has only because something lies in it takes its attributes from below.
public struct LayerView: Sendable {
    /// The snapshot that is looked at.
    public let snapshot: Snapshot
    /// The layers, lowest first.
    let layers: [OpenLayer]
    /// Whether whiteouts are shown instead of applied.
    let isBare: Bool

    private static let overlayPrefix = Array("trusted.overlay.".utf8)

    init(snapshot: Snapshot, layers: [OpenLayer], isBare: Bool) {
        self.snapshot = snapshot
        self.layers = layers
        self.isBare = isBare
    }

    /// The root directory.
    public var root: ViewEntry {
        get throws {
            var places: [FileIdentity] = []
            for (position, layer) in layers.enumerated().reversed() {
                let node = try layer.index.node(try layer.index.root)
                places.append(FileIdentity(layer: position, node: node.id))
                if !isBare, try isOpaque(node, in: layer) { break }
            }
            return try makeEntry([], places)
        }
    }

    /// The entry called `name` in `directory`, without following it.
    public func child(_ name: [UInt8], of directory: ViewEntry) throws -> ViewEntry? {
        guard directory.kind == .directory else { return nil }
        var found: [FileIdentity] = []
        for place in directory.places {
            let index = layers[place.layer].index
            let parent = try index.node(place.node)
            let id = try unsafe name.withUnsafeBytes { try unsafe index.lookUp($0, in: parent) }
            guard let id else { continue }
            if try !take(FileIdentity(layer: place.layer, node: id), into: &found) { break }
        }
        return found.isEmpty ? nil : try makeEntry(Self.join(directory.path, name), found)
    }

    /// What is in `directory`, in byte order of the names; empty for everything that is no directory.
    public func children(of directory: ViewEntry) throws -> [ViewEntry] {
        guard directory.kind == .directory else { return [] }
        var names: [(entry: LayerIndex.Entry, layer: Int)] = []
        for place in directory.places {
            let index = layers[place.layer].index
            names += try index.entries(of: try index.node(place.node)).map { ($0, place.layer) }
        }
        if directory.places.count > 1 {
            names.sort { left, right in
                let order = unsafe LayerIndex.compare(left.entry.name, right.entry.name)
                return order == 0 ? left.layer > right.layer : order < 0
            }
        }
        var children: [ViewEntry] = []
        children.reserveCapacity(names.count)
        var at = 0
        while at < names.count {
            let first = names[at].entry
            var found: [FileIdentity] = []
            var isOpen = true
            while at < names.count, unsafe LayerIndex.compare(names[at].entry.name, first.name) == 0 {
                let place = FileIdentity(layer: names[at].layer, node: names[at].entry.node)
                if isOpen { isOpen = try take(place, into: &found) }
                at += 1
            }
            if !found.isEmpty { children.append(try makeEntry(Self.join(directory.path, first.nameBytes), found)) }
        }
        return children
    }

    /// Adds a place of a name to those above it; `false` when nothing below it counts any more.
    private func take(_ place: FileIdentity, into found: inout [FileIdentity]) throws -> Bool {
        let layer = layers[place.layer]
        let node = try layer.index.node(place.node)
        if node.isWhiteout && !isBare { return false }
        guard node.isDirectory else {
            if found.isEmpty { found.append(place) }
            return false
        }
        found.append(place)
        return try isBare || !isOpaque(node, in: layer)
    }

    private func isOpaque(_ node: LayerIndex.Node, in layer: OpenLayer) throws -> Bool {
        guard node.xattrCount > 0 else { return false }
        return try layer.index.xattrs(of: node).contains { $0.name == XattrFormat.opaqueName && $0.value == [0x79] }
    }

    static func join(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
        directory.isEmpty ? name : directory + [UInt8(ascii: "/")] + name
    }

    // MARK: Entries

    /// The entry that has these places, topmost first.
    ///
    /// Without any, it is the root of `scratch`.
    private func makeEntry(_ path: [UInt8], _ places: [FileIdentity]) throws -> ViewEntry {
        guard let top = places.first else {
            return ViewEntry(
                path: path,
                attributes: FileAttributes(kind: .directory, mode: 0o755),
                size: 0,
                linkTarget: [],
                identity: FileIdentity(layer: -1, node: 0),
                linkCount: 2,
                isOpaque: false,
                places: []
            )
        }
        let topNode = try layers[top.layer].index.node(top.node)
        var shown = (node: topNode, layer: layers[top.layer])
        if topNode.isDirectory && topNode.isImplied {
            for place in places.dropFirst() {
                let node = try layers[place.layer].index.node(place.node)
                if !node.isImplied {
                    shown = (node, layers[place.layer])
                    break
                }
            }
        }
        return ViewEntry(
            path: path,
            attributes: try attributes(shown.node, in: shown.layer),
            size: topNode.type == FileTree.regularType ? topNode.size : 0,
            linkTarget: topNode.type == FileTree.linkType ? try layers[top.layer].index.target(of: topNode) : [],
            identity: top,
            linkCount: Int(topNode.links),
            isOpaque: try isBare && topNode.isDirectory && isOpaque(topNode, in: layers[top.layer]),
            places: places
        )
    }

    private func attributes(_ node: LayerIndex.Node, in layer: OpenLayer) throws -> FileAttributes {
        let kind: FileKind
        var device = DeviceNumber(major: 0, minor: 0)
        switch node.type {
        case FileTree.directoryType: kind = .directory
        case FileTree.regularType: kind = .regular
        case FileTree.linkType: kind = .symbolicLink
        case FileTree.fifoType: kind = .fifo
        case FileTree.socketType: kind = .socket
        case FileTree.blockType: kind = .blockDevice
        case FileTree.characterType: kind = node.isWhiteout ? .whiteout : .characterDevice
        default: throw LayerError.damagedIndex(layer.index.path.string)
        }
        if kind == .blockDevice || kind == .characterDevice { device = DeviceFormat.decode(node.union) }
        let xattrs = node.xattrCount == 0 ? [] : try layer.index.xattrs(of: node)
        return FileAttributes(
            kind: kind,
            mode: node.mode & 0o7777,
            uid: node.uid,
            gid: node.gid,
            modified: Timestamp(seconds: node.seconds, nanoseconds: Int64(node.nanoseconds)),
            xattrs: xattrs.filter { !$0.name.starts(with: Self.overlayPrefix) },
            device: device
        )
    }
}
