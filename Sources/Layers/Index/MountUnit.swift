// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import OCIModel
public import SystemPackage

/// One EROFS image to mount: `mount -t erofs -o ro,device=<tars[0]>,device=<tars[1]>… <index>`.
public struct MountUnit: Hashable, Sendable {
    /// The image with the metadata.
    public let index: FilePath
    /// The layers that it stands for, lowest first.
    public let layers: [ContentDigest]
    /// Their tars, in the order of the devices.
    public let tars: [FilePath]
}

extension LayerStore {
    /// What to mount for a snapshot.
    ///
    /// A stack of more layers than `maximumUnits` gets one merged index for its lowest ones, and so does one in which
    /// a layer has made-up directories (no entries of their own) that lower layers have with real attributes, which
    /// overlayfs would hide. The attributes of the root itself are those of `LayerView.root`, whatever is mounted.
    ///
    /// - Parameter maximumUnits: The most images wanted, 2 or more.
    /// - Returns: EROFS images, lowest first.
    public func mountPlan(for snapshot: Snapshot, maximumUnits: Int = 32) throws -> [MountUnit] {
        let layers = snapshot.layers
        var merged = 1
        // In steps of half the maximum, so that a growing stack needs a new merged index only now and then.
        while layers.count - merged + 1 > maximumUnits { merged += max(1, maximumUnits / 2) }
        merged = min(merged, layers.count)
        for position in stride(from: layers.count - 1, through: max(1, merged), by: -1)
        where try hidesAttributes(layers, at: position) {
            merged = position + 1
            break
        }
        guard merged > 1 else { return try layers.map(unit) }
        return [try mergedUnit(Array(layers[..<merged]))] + (try layers[merged...].map(unit))
    }

    private func unit(_ diffID: ContentDigest) throws -> MountUnit {
        MountUnit(index: try open(diffID).index.path, layers: [diffID], tars: [blobs.path(diffID)])
    }

    /// Whether a made-up directory of the layer at `position` exists below with real attributes.
    private func hidesAttributes(_ layers: [ContentDigest], at position: Int) throws -> Bool {
        let layer = try open(layers[position])
        guard layer.index.hasImpliedDirectories else { return false }
        let below = try view(Snapshot(layers: Array(layers[..<position])))
        let bare = try bareView(layers[position])
        var isHiding = false
        try bare.walk(from: try bare.root) { entry in
            guard entry.kind == .directory else { return .skip }
            guard try layer.index.node(entry.identity.node).isImplied else { return .descend }
            guard let lower = try below.entry(at: entry.path), lower.kind == .directory else { return .skip }
            isHiding = lower.attributes != entry.attributes
            return isHiding ? .stop : .descend
        }
        return isHiding
    }

    /// One index for a whole stack, made if need be.
    private func mergedUnit(_ layers: [ContentDigest]) throws -> MountUnit {
        let snapshot = Snapshot(layers: layers)
        guard let name = snapshot.chainID else { throw LayerError.limit("a merged index needs layers") }
        let sizes = try layers.map { layer in
            guard let size = blobs.size(layer) else { throw BlobError.missing(layer) }
            return size
        }
        let path = path(name, "erofs")
        if LayerIndex(path, name: name, tarSizes: sizes) == nil {
            let tree = try FileTree.merging(try view(snapshot))
            try IndexWriter.write(tree, tarSizes: sizes, name: name, to: path, scratch: blobs.scratch)
        }
        return MountUnit(index: path, layers: layers, tars: layers.map(blobs.path))
    }
}

extension FileTree {
    /// The tree that a view shows, whose contents stay in the tars of its layers.
    static func merging(_ view: LayerView) throws -> FileTree {
        var tree = FileTree()
        var known: [FileIdentity: NodeID] = [:]
        let root = try view.root
        let rootNode = try tree.node(of: root, in: view)
        tree.update(Self.root) { $0 = rootNode }
        var directories = [(entry: root, node: Self.root)]
        while let directory = directories.popLast() {
            for child in try view.children(of: directory.entry) {
                if let node = known[child.identity] {
                    tree.link(node, as: child.name, in: directory.node)
                    continue
                }
                let node = tree.add(try tree.node(of: child, in: view))
                tree.link(node, as: child.name, in: directory.node)
                if child.linkCount > 1, child.kind != .directory { known[child.identity] = node }
                if child.kind == .directory { directories.append((child, node)) }
            }
        }
        return tree
    }

    private mutating func node(of entry: ViewEntry, in view: LayerView) throws -> Node {
        var member = TarMember()
        member.path = entry.path
        member.mode = entry.attributes.mode
        member.uid = entry.attributes.uid
        member.gid = entry.attributes.gid
        member.modified = entry.attributes.modified
        member.xattrs = entry.attributes.xattrs
        member.link = entry.linkTarget
        member.device = entry.attributes.device
        member.size = entry.size
        switch entry.kind {
        case .directory: member.type = TarType.directory
        case .symbolicLink: member.type = TarType.symbolicLink
        case .characterDevice: member.type = TarType.characterDevice
        case .blockDevice: member.type = TarType.blockDevice
        case .fifo: member.type = TarType.fifo
        case .regular: member.dataOffset = try view.extent(of: entry)?.offset ?? 0
        case .socket, .whiteout: throw LayerError.wrongKind(path: entry.displayPath, expected: .regular)
        }
        var node = try node(of: member)
        node.tar = UInt16(entry.identity.layer + 1)
        return node
    }
}
