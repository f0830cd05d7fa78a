// SPDX-License-Identifier: Apache-2.0

public import BuildModel

/// Writes one layer in one pass: the normalised tar, its DiffID, its index and the digests of its files.
///
/// Paths are bytes, relative, without leading `/` or `.`; the root is the empty path. Entries come in byte order of
/// their whole paths (`a`, `a.b`, `a/x`), and every directory before what is in it. A call that throws leaves the
/// layer as it was before the call, so that a file which changed while it was read can be given once more.
///
/// For one thread at a time. Released without `finish()`, it leaves nothing behind.
public final class LayerWriter {
    private let store: LayerStore
    private let timestamps: TimestampPolicy
    private let blob: BlobWriter
    private var tree = FileTree()
    private var sums = ContentSums()
    private var entries = 0
    private var last: [UInt8]?
    /// Whiteouts whose place has not come yet, the next one last.
    private var pending: [[UInt8]] = []
    private var lastParent: (path: ArraySlice<UInt8>, node: FileTree.NodeID) = ([], FileTree.root)

    private static let slash = UInt8(ascii: "/")
    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)

    init(store: LayerStore, timestamps: TimestampPolicy) throws {
        self.store = store
        self.timestamps = timestamps
        blob = try store.blobs.writer()
    }

    /// How many bytes the tar has so far.
    public var size: Int64 { blob.count }

    /// Adds a directory; the empty path gives the attributes of the root.
    public func directory(_ path: [UInt8], _ attributes: FileAttributes) throws {
        try add(path, member(path, TarType.directory, attributes))
    }

    /// Adds a regular file of `size` bytes.
    ///
    /// - Parameters:
    ///   - knownDigest: The SHA-256 of the contents, where the caller has it; kept with the layer, unchecked.
    ///   - hashing: Whether to compute that digest as the bytes go by.
    /// - Returns: The digest of the contents, if it was given or computed.
    /// - Throws: `LayerError.contentLength` when the contents are shorter or longer than `size`.
    @discardableResult
    public func file(
        _ path: [UInt8],
        _ attributes: FileAttributes,
        size: Int64,
        content: FileContent,
        knownDigest: ContentDigest? = nil,
        hashing: Bool = false
    ) throws -> ContentDigest? {
        guard (0...1 << 40).contains(size) else {
            throw LayerError.unsupported(path: Self.text(path), reason: "it is larger than 1 TiB")
        }
        var member = member(path, TarType.regular, attributes)
        member.size = size
        var digest = knownDigest
        if digest == nil, case .entry(let entry, let view) = content { digest = view.storedDigest(of: entry) }
        try add(path, member) { [blob] in
            let copier = ContentCopier(to: blob, path: path, size: size, hashing: hashing && digest == nil)
            if let computed = try copier.copy(content) { digest = computed }
        }
        if let digest, size > 0, let node = lastFile { sums.insert(digest, at: UInt32(truncatingIfNeeded: node.data)) }
        return digest
    }

    /// Adds a symbolic link to `target`, 1...4095 bytes, which is kept as it is.
    ///
    /// Its mode is always 0777.
    public func symbolicLink(_ path: [UInt8], _ attributes: FileAttributes, target: [UInt8]) throws {
        var member = member(path, TarType.symbolicLink, attributes)
        member.mode = 0o777
        member.link = target
        try add(path, member)
    }

    /// Adds one more name for the entry `target` of this layer, which came before and is no directory.
    public func hardLink(_ path: [UInt8], to target: [UInt8]) throws {
        guard let node = find(target[...]), !tree.node(node).isDirectory else {
            throw LayerError.unsupported(
                path: Self.text(path),
                reason: "it is a hard link to '\(Self.text(target))', which is no file before it"
            )
        }
        var member = try tree.member(node)
        member.path = path
        member.type = TarType.hardLink
        member.link = target
        try add(path, member, linking: node)
    }

    /// Adds a device or a named pipe, as `attributes.kind` says.
    public func special(_ path: [UInt8], _ attributes: FileAttributes) throws {
        let type: UInt8
        switch attributes.kind {
        case .characterDevice: type = TarType.characterDevice
        case .blockDevice: type = TarType.blockDevice
        case .fifo: type = TarType.fifo
        default: throw LayerError.unsupported(path: Self.text(path), reason: "it is a \(attributes.kind)")
        }
        if attributes.kind == .characterDevice, attributes.device == DeviceNumber(major: 0, minor: 0) {
            throw LayerError.unsupported(
                path: Self.text(path),
                reason: "a 0:0 device means a deleted file to overlayfs"
            )
        }
        var member = member(path, type, attributes)
        if attributes.kind != .fifo { member.device = attributes.device }
        try add(path, member)
    }

    /// Says that `path`, which a lower layer has, is gone.
    ///
    /// In the tar that is an entry `.wh.NAME`, which has its own place in the byte order: it is kept until that place
    /// comes, and must be given before. So give the whiteouts of a directory right after the directory itself.
    public func whiteout(_ path: [UInt8]) throws {
        let name = path[Self.nameStart(path)...]
        try hold(path[..<Self.nameStart(path)] + Self.whiteoutPrefix + name, at: path)
        guard let parent = find(Self.parent(path)) else { throw LayerError.parentMissing(path: Self.text(path)) }
        tree.whiteOut(name, in: parent)
    }

    /// Says that nothing of the lower layers shows in `directory`.
    ///
    /// Give it right after the directory itself.
    public func opaque(_ directory: [UInt8]) throws {
        guard let node = find(directory[...]), tree.node(node).isDirectory else {
            throw LayerError.parentMissing(path: Self.text(directory))
        }
        let prefix = directory.isEmpty ? [] : directory + [Self.slash]
        try hold((prefix + Self.opaqueName)[...], at: directory)
        tree.update(node) { $0.isOpaque = true }
    }

    /// Ends the layer and puts tar and index into the store.
    public func finish() throws -> CommittedLayer {
        while let marker = pending.popLast() { try appendMarker(marker) }
        try TarEncoder.appendEnd(to: blob)
        let (diffID, size) = try blob.finish()
        try store.adopt(tree, sums, as: diffID, size: size)
        return CommittedLayer(diffID: diffID, size: size, entries: entries)
    }
}

// MARK: Order

extension LayerWriter {
    /// Adds a member at its place: the whiteouts before it, its header, its contents, its node.
    private func add(
        _ path: [UInt8],
        _ member: TarMember,
        linking: FileTree.NodeID? = nil,
        contents: (() throws -> Void)? = nil
    ) throws {
        try check(path, isRoot: member.type == TarType.directory)
        while let marker = pending.last, marker.lexicographicallyPrecedes(path) {
            try appendMarker(marker)
            pending.removeLast()
        }
        if let last, !last.lexicographicallyPrecedes(path) {
            throw LayerError.outOfOrder(path: Self.text(path), after: Self.text(last))
        }
        guard let parent = find(Self.parent(path)), tree.node(parent).isDirectory else {
            throw LayerError.parentMissing(path: Self.text(path))
        }
        for attribute in member.xattrs {
            if let reason = XattrFormat.obstacle(to: attribute) {
                throw LayerError.unsupported(path: Self.text(path), reason: reason)
            }
        }
        let mark = try blob.mark(room: member.size + Self.headerRoom(member))
        do {
            var placed = member
            try TarEncoder.append(member, to: blob)
            placed.dataOffset = blob.count
            if let contents {
                try contents()
                try blob.writeZeros(-member.size & 511)
            }
            try plant(placed, path, in: parent, linking: linking)
        } catch {
            try blob.rollBack(to: mark)
            throw error
        }
        last = path
        entries += 1
    }

    private func plant(_ member: TarMember, _ path: [UInt8], in parent: FileTree.NodeID, linking: FileTree.NodeID?)
        throws
    {
        let name = path[Self.nameStart(path)...]
        if let linking { return tree.link(linking, as: name, in: parent) }
        let node = try tree.node(of: member)
        if path.isEmpty {
            tree.update(FileTree.root) { $0 = node }
        } else {
            tree.link(tree.add(node), as: name, in: parent)
        }
    }

    /// The node that was added last.
    private var lastFile: FileTree.Node? { tree.nodes.last }

    /// Keeps a whiteout until its place comes.
    private func hold(_ marker: ArraySlice<UInt8>, at path: [UInt8]) throws {
        try check(path, isRoot: true)
        let marker = Array(marker)
        if let last, !last.lexicographicallyPrecedes(marker) {
            throw LayerError.outOfOrder(path: Self.text(marker), after: Self.text(last))
        }
        let at = pending.firstIndex { $0.lexicographicallyPrecedes(marker) } ?? pending.endIndex
        guard at == 0 || pending[at - 1] != marker else { return }
        pending.insert(marker, at: at)
    }

    private func appendMarker(_ marker: [UInt8]) throws {
        var member = TarMember()
        member.path = marker
        member.modified = timestamps.apply(to: Timestamp(seconds: 0))
        try TarEncoder.append(member, to: blob)
        last = marker
        entries += 1
    }

    private func member(_ path: [UInt8], _ type: UInt8, _ attributes: FileAttributes) -> TarMember {
        var member = TarMember()
        member.path = path
        member.type = type
        member.mode = attributes.mode & 0o7777
        member.uid = attributes.uid
        member.gid = attributes.gid
        member.modified = timestamps.apply(to: attributes.modified)
        member.xattrs = attributes.xattrs
        return member
    }

    private static func headerRoom(_ member: TarMember) -> Int64 {
        let attributes = member.xattrs.reduce(0) { $0 + $1.name.count + $1.value.count + 64 }
        return Int64(4096 + attributes + member.path.count + member.link.count)
    }

    // MARK: Paths

    /// The directory or file of this layer at `path`, without following links.
    private func find(_ path: ArraySlice<UInt8>) -> FileTree.NodeID? {
        if path.isEmpty { return FileTree.root }
        if path == lastParent.path { return lastParent.node }
        var node = FileTree.root
        for part in path.split(separator: Self.slash) {
            guard let next = tree.child(part, of: node) else { return nil }
            node = next
        }
        if tree.node(node).isDirectory { lastParent = (path, node) }
        return node
    }

    private static func nameStart(_ path: [UInt8]) -> Int { path.lastIndex(of: slash).map { $0 + 1 } ?? 0 }

    private static func parent(_ path: [UInt8]) -> ArraySlice<UInt8> { path[..<max(0, nameStart(path) - 1)] }

    private static func text(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    /// Checks that a path is one that a layer can have.
    private func check(_ path: [UInt8], isRoot: Bool) throws {
        if path.isEmpty && isRoot { return }
        func refuse(_ reason: String) -> LayerError { .unsupported(path: Self.text(path), reason: reason) }
        guard path.count <= PathRules.longestPath, !path.contains(0) else {
            throw refuse("its path has a zero byte or more than 4096 bytes")
        }
        for part in path.split(separator: Self.slash, omittingEmptySubsequences: false) {
            if part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
                throw refuse("its path has an empty name, '.' or '..' in it")
            }
            if part.count > PathRules.longestName { throw refuse("a name in its path has more than 255 bytes") }
            if part.starts(with: Self.whiteoutPrefix) {
                throw refuse("names that begin with '.wh.' mean deleted files in a layer")
            }
        }
    }
}
