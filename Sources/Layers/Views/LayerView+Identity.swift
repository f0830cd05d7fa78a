// SPDX-License-Identifier: Apache-2.0

public import BuildModel

extension LayerView {
    /// One digest of `start` and everything below it: kinds, names, modes, owners, extended attributes, link targets,
    /// devices, contents and which names are one file; no times, and not the name of `start` itself.
    ///
    /// Each entry gives, in the order of the walk and with every number as 64 bits little-endian and every text after
    /// its length: its path below `start`, kind, mode, uid, gid, device, link target, extended attributes, and for a
    /// file with several names the position in the walk at which the first of them came, or else the digest of its
    /// contents. The result is the SHA-256 of all that after the text `reel tree v1`.
    ///
    /// - Parameter including: Decides for each entry whether it counts, `.skip` leaving it and all below it out; the
    ///   paths that it sees are those of the view.
    public func treeDigest(
        of start: ViewEntry,
        including: (ViewEntry) throws -> WalkStep = { _ in .descend }
    ) throws -> ContentDigest {
        var hasher = TreeHasher()
        var seen: [FileIdentity: Int] = [:]
        var position = 0
        try walk(from: start) { entry in
            let step = try including(entry)
            guard step == .descend else { return step }
            position += 1
            let below =
                start.path.isEmpty || entry.path.isEmpty ? entry.path[...] : entry.path.dropFirst(start.path.count + 1)
            var first: Int?
            if entry.linkCount > 1, entry.kind != .directory {
                first = seen[entry.identity]
                if first == nil { seen[entry.identity] = position }
            }
            let content = entry.kind == .regular && first == nil ? try contentDigest(of: entry) : nil
            hasher.add(entry, path: below, firstName: first, content: content)
            return .descend
        }
        return hasher.digest()
    }
}

/// Feeds entries to one SHA-256 in a form that can be read in one way only.
private struct TreeHasher: ~Copyable {
    private var hasher = SHA256Hasher()
    private var bytes: [UInt8] = Array("reel tree v1".utf8)

    mutating func add(_ entry: ViewEntry, path: ArraySlice<UInt8>, firstName: Int?, content: ContentDigest?) {
        text(path)
        number(UInt64(entry.kind.rawValue))
        number(UInt64(entry.attributes.mode))
        number(UInt64(entry.attributes.uid))
        number(UInt64(entry.attributes.gid))
        number(UInt64(entry.attributes.device.major))
        number(UInt64(entry.attributes.device.minor))
        text(entry.linkTarget[...])
        number(UInt64(entry.attributes.xattrs.count))
        for attribute in entry.attributes.xattrs {
            text(attribute.name[...])
            text(attribute.value[...])
        }
        number(UInt64(firstName ?? 0))
        text((content?.bytes ?? [])[...])
        if bytes.count > 1 << 16 { flush() }
    }

    mutating func digest() -> ContentDigest {
        flush()
        return hasher.digest()
    }

    private mutating func flush() {
        hasher.update(bytes)
        bytes.removeAll(keepingCapacity: true)
    }

    private mutating func number(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private mutating func text(_ value: ArraySlice<UInt8>) {
        number(UInt64(value.count))
        bytes += value
    }
}
