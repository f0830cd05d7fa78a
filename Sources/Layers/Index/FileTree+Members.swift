// SPDX-License-Identifier: Apache-2.0

import BuildModel

extension FileTree {
    private static let slash = UInt8(ascii: "/")
    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)
    private static let aufsPrefix = Array(".wh..wh.".utf8)

    /// How often a path of the archive may lead through a directory or link, in all; what stops hostile link farms.
    private static let mostSteps = 1 << 28

    /// Adds a member of a layer's tar, as an unpacking program would, inside a root that nothing leads out of.
    ///
    /// Leading slashes are dropped; `..` is refused. Symbolic links of this layer on the way to a member are followed
    /// inside the root, as containerd does; missing directories are implied.
    ///
    /// - Throws: `LayerError.unsupported` with a reason.
    mutating func add(_ member: TarMember, steps: inout Int) throws {
        let parts = try Self.components(member.path, of: member)
        guard let name = parts.last else { return try replaceRoot(member) }
        let parent = try directory(parts.dropLast(), for: member, steps: &steps)
        if name.starts(with: Self.whiteoutPrefix) { return try addWhiteout(name, in: parent, member) }
        if member.type == TarType.hardLink { return try addHardLink(name, in: parent, member, steps: &steps) }
        var node = try node(of: member)
        if node.isDirectory, let old = child(name, of: parent), self.node(old).isDirectory {
            node.isOpaque = node.isOpaque || self.node(old).isOpaque
            update(old) { $0 = node }
        } else {
            link(add(node), as: name, in: parent)
        }
    }

    private mutating func replaceRoot(_ member: TarMember) throws {
        guard member.type == TarType.directory else {
            throw LayerError.unsupported(path: member.displayPath, reason: "the root of a layer must be a directory")
        }
        var node = try node(of: member)
        node.isOpaque = node.isOpaque || self.node(Self.root).isOpaque
        update(Self.root) { $0 = node }
    }

    private mutating func addWhiteout(_ name: ArraySlice<UInt8>, in parent: NodeID, _ member: TarMember) throws {
        if name.elementsEqual(Self.opaqueName) { return update(parent) { $0.isOpaque = true } }
        if name.starts(with: Self.aufsPrefix) { return }  // aufs's own bookkeeping, which means nothing to others
        let hidden = name.dropFirst(Self.whiteoutPrefix.count)
        guard !hidden.isEmpty, !hidden.elementsEqual(".".utf8), !hidden.elementsEqual("..".utf8) else {
            throw LayerError.unsupported(path: member.displayPath, reason: "a whiteout needs a name to hide")
        }
        whiteOut(hidden, in: parent)
    }

    private mutating func addHardLink(
        _ name: ArraySlice<UInt8>,
        in parent: NodeID,
        _ member: TarMember,
        steps: inout Int
    ) throws {
        let parts = try Self.components(member.link, of: member)
        let target = try parts.last.flatMap { last in
            child(last, of: try directory(parts.dropLast(), for: member, steps: &steps))
        }
        guard let target, !node(target).isDirectory else {
            let link = String(decoding: member.link, as: UTF8.self)
            throw LayerError.unsupported(
                path: member.displayPath,
                reason: "it is a hard link to '\(link)', which is no file earlier in the layer"
            )
        }
        link(target, as: name, in: parent)
    }

    /// The directory that the path components lead to.
    private mutating func directory(
        _ parts: ArraySlice<ArraySlice<UInt8>>,
        for member: TarMember,
        steps: inout Int
    ) throws -> NodeID {
        var stack = [Self.root]
        var pending = Array(parts.reversed())
        var links = 0
        while let name = pending.popLast() {
            steps += 1
            guard steps < Self.mostSteps else { throw LayerError.limit("its paths lead through too many directories") }
            if name.elementsEqual("..".utf8) {
                if stack.count > 1 { stack.removeLast() }
                continue
            }
            let current = stack[stack.count - 1]
            guard let found = child(name, of: current) else {
                stack.append(implyDirectory(name, in: current))
                continue
            }
            let node = node(found)
            if node.isDirectory {
                stack.append(found)
            } else if node.isLink {
                links += 1
                guard links <= 255 else { throw LayerError.tooManyLinks(path: member.displayPath) }
                let target = arena[Int(node.data)..<Int(node.data + node.size)]
                if target.first == Self.slash { stack = [Self.root] }
                pending += Self.split(Array(target)).reversed()
            } else {
                stack.append(implyDirectory(name, in: current))
            }
        }
        return stack[stack.count - 1]
    }

    private mutating func implyDirectory(_ name: ArraySlice<UInt8>, in parent: NodeID) -> NodeID {
        let made = add(Node(mode: Self.directoryType | 0o755, isImplied: true))
        link(made, as: name, in: parent)
        return made
    }

    /// The parts between slashes, without empty ones and `.`.
    private static func split(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        path.split(separator: slash).filter { !$0.elementsEqual(".".utf8) }
    }

    /// The components of a member's path or of its hard link's target, checked.
    private static func components(_ path: [UInt8], of member: TarMember) throws -> [ArraySlice<UInt8>] {
        func refuse(_ reason: String) -> LayerError { .unsupported(path: member.displayPath, reason: reason) }
        guard path.count <= PathRules.longestPath else { throw refuse("its path has more than 4096 bytes") }
        guard !path.contains(0) else { throw refuse("its path has a zero byte") }
        let parts = split(path)
        for part in parts {
            if part.elementsEqual("..".utf8) { throw refuse("'..' in its path leads out of the layer") }
            if part.count > PathRules.longestName { throw refuse("a name in its path has more than 255 bytes") }
        }
        return parts
    }

    /// The node that a member describes.
    mutating func node(of member: TarMember) throws -> Node {
        let type: UInt16
        switch member.type {
        case TarType.regular: type = Self.regularType
        case TarType.directory: type = Self.directoryType
        case TarType.symbolicLink: type = Self.linkType
        case TarType.characterDevice: type = Self.characterType
        case TarType.blockDevice: type = Self.blockType
        case TarType.fifo: type = Self.fifoType
        default:
            let code = String(decoding: [member.type], as: UTF8.self)
            throw LayerError.unsupported(path: member.displayPath, reason: "its tar type '\(code)' is not known")
        }
        // Linux knows no other mode of symbolic links.
        var node = Node(mode: type | (type == Self.linkType ? 0o777 : member.mode & 0o7777))
        node.uid = member.uid
        node.gid = member.gid
        node.modified = member.modified.nanoseconds
        let (xattrs, isOpaque) = XattrFormat.withoutOverlayNotes(member.xattrs)
        node.isOpaque = isOpaque && node.isDirectory
        if !xattrs.isEmpty {
            let encoded = try XattrFormat.encode(xattrs, of: member.path)
            node.xattrStart = keep(encoded)
            node.xattrLength = Int32(encoded.count)
        }
        try fill(&node, from: member)
        return node
    }

    /// Sets size and data, which mean something else for each type.
    private mutating func fill(_ node: inout Node, from member: TarMember) throws {
        switch node.type {
        case Self.regularType:
            node.size = member.size
            node.data = member.dataOffset / 512
            guard node.data + (member.size + 511) / 512 <= Int64(UInt32.max), member.size <= 1 << 40 else {
                throw LayerError.limit("it has a file larger than 1 TiB, or more than 2 TiB in all")
            }
        case Self.linkType:
            guard (1...PathRules.longestTarget).contains(member.link.count), !member.link.contains(0) else {
                throw LayerError.unsupported(
                    path: member.displayPath,
                    reason: "the target of a symbolic link must have 1 to 4095 bytes"
                )
            }
            node.size = Int64(member.link.count)
            node.data = Int64(keep(member.link))
        case Self.characterType, Self.blockType:
            node.data = Int64(DeviceFormat.encode(member.device))
        default: break
        }
    }
}

/// How long names may be.
enum PathRules {
    /// The most bytes of one name (Linux, `NAME_MAX`).
    static let longestName = 255
    /// The most bytes of a path (Linux, `PATH_MAX`).
    static let longestPath = 4096
    /// The most bytes of a symbolic link's target.
    static let longestTarget = 4095
    /// The most symbolic links on the way of one path.
    static let mostLinks = 255
}

extension FileTree {
    /// Attributes of a node as a tar member without a path, for another name of the same file.
    func member(_ id: NodeID) throws -> TarMember {
        let node = node(id)
        var member = TarMember()
        member.mode = node.mode & 0o7777
        member.uid = node.uid
        member.gid = node.gid
        member.modified = Timestamp(nanoseconds: node.modified)
        if node.type == Self.characterType || node.type == Self.blockType {
            member.device = DeviceFormat.decode(UInt32(truncatingIfNeeded: node.data))
        }
        if node.xattrLength > 0 {
            let area = arena[node.xattrStart..<node.xattrStart + Int(node.xattrLength)]
            member.xattrs = unsafe area.withUnsafeBytes { unsafe XattrFormat.decode($0) } ?? []
        }
        return member
    }
}
