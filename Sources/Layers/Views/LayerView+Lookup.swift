// SPDX-License-Identifier: Apache-2.0

extension LayerView {
    private static let slash = UInt8(ascii: "/")

    /// The entry at `path`, or `nil` if there is none.
    ///
    /// Leading `/`, `.` and `..` are understood; nothing leads out of the root.
    ///
    /// - Throws: `LayerError.tooManyLinks` after 255 symbolic links.
    public func entry(at path: [UInt8], following: FollowMode = .parents) throws -> ViewEntry? {
        try resolve(path, following: following).entry
    }

    /// Where `path` leads, even if its end does not exist: what `mkdir -p` and copies need.
    ///
    /// - Throws: `LayerError.tooManyLinks` after 255 symbolic links.
    public func resolve(_ path: [UInt8], following: FollowMode = .all) throws -> ResolvedPath {
        var pending = Array(path.split(separator: Self.slash).reversed())
        var found = [try root]
        var missing: [ArraySlice<UInt8>] = []
        var links = 0
        while let name = pending.popLast() {
            if name.elementsEqual(".".utf8) { continue }
            if name.elementsEqual("..".utf8) {
                if !missing.isEmpty {
                    missing.removeLast()
                } else if found.count > 1 {
                    found.removeLast()
                }
                continue
            }
            guard missing.isEmpty, let next = try child(Array(name), of: found[found.count - 1]) else {
                missing.append(name)
                continue
            }
            if next.kind == .symbolicLink, following == .all || !pending.isEmpty {
                links += 1
                guard links <= PathRules.mostLinks, pending.count <= PathRules.longestPath * 4 else {
                    throw LayerError.tooManyLinks(path: String(decoding: path, as: UTF8.self))
                }
                if next.linkTarget.first == Self.slash { found.removeSubrange(1...) }
                pending += next.linkTarget.split(separator: Self.slash).reversed()
            } else {
                found.append(next)
            }
        }
        let last = found[found.count - 1]
        if missing.isEmpty { return ResolvedPath(path: last.path, entry: last) }
        return ResolvedPath(path: Self.join(last.path, Array(missing.joined(separator: [Self.slash]))), entry: nil)
    }
}
