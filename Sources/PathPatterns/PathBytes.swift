// SPDX-License-Identifier: Apache-2.0

/// Lexical work on paths that are byte strings separated by `/`.
public enum PathBytes {
    /// The separator.
    public static let slash = UInt8(ascii: "/")

    /// The shortest path that means the same: no empty or `.` elements, no `..` that has something to take away.
    ///
    /// An empty path gives `.`; a rooted one stays rooted, and `..` directly below its root goes away.
    /// Source: Go's `path/filepath.Clean`, whose result .dockerignore patterns are defined by.
    public static func clean(_ path: some Sequence<UInt8>) -> [UInt8] {
        let bytes = Array(path)
        let rooted = bytes.first == slash
        var kept: [ArraySlice<UInt8>] = []
        for element in bytes.split(separator: slash) where element != [UInt8(ascii: ".")][...] {
            guard element == dotDot[...] else {
                kept.append(element)
                continue
            }
            if let last = kept.last, last != dotDot[...] {
                kept.removeLast()
            } else if !rooted {
                kept.append(element)
            }
        }
        let joined = Array(kept.joined(separator: [slash]))
        if rooted { return [slash] + joined }
        return joined.isEmpty ? [UInt8(ascii: ".")] : joined
    }

    /// `name` below `directory`, where an empty directory is the root of the tree.
    public static func join(_ directory: [UInt8], _ name: some Collection<UInt8>) -> [UInt8] {
        if directory.isEmpty { return Array(name) }
        var out: [UInt8] = []
        out.reserveCapacity(directory.count + 1 + name.count)
        out.append(contentsOf: directory)
        out.append(slash)
        out.append(contentsOf: name)
        return out
    }

    /// The path without its last element; empty for a name alone.
    public static func parent(of path: [UInt8]) -> [UInt8] {
        path.lastIndex(of: slash).map { Array(path[..<$0]) } ?? []
    }

    private static let dotDot: [UInt8] = [UInt8(ascii: "."), UInt8(ascii: ".")]

    /// `bytes` without the Unicode white space at either end.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while let (scalar, width) = Scalars.first(in: rest), Scalars.isWhiteSpace(scalar) {
            rest = rest.dropFirst(width)
        }
        while let (scalar, width) = Scalars.last(in: rest), Scalars.isWhiteSpace(scalar) { rest = rest.dropLast(width) }
        return rest
    }
}
