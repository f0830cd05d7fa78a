// SPDX-License-Identifier: Apache-2.0

/// What resolving follow paths needs to see of a tree. Paths are relative, and empty for the root.
public protocol LinkReading {
    /// The names in a directory; `nil` when there is no such directory.
    func names(in directory: [UInt8]) throws -> [[UInt8]]?
    /// The target of a symbolic link; `nil` when there is none at that path.
    func linkTarget(of path: [UInt8]) throws -> [UInt8]?
}

/// Follow paths: paths whose symbolic links are resolved, so that a link arrives together with what it points to.
///
/// Source: tonistiigi/fsutil, `followlinks.go`, as vendored by BuildKit.
public enum FollowPaths {
    /// Resolves `paths`, each of which may have wildcards in its names, into include patterns in byte order.
    ///
    /// Every link on the way and its target are in the result; links that leave the root stop at it.
    /// - Returns: `nil` when one of the paths is the root, which means that there is nothing to filter.
    /// - Throws: What `tree` throws.
    public static func resolve(_ paths: [String], in tree: some LinkReading) throws -> [[UInt8]]? {
        var resolver = Resolver(tree: tree)
        for path in paths { try resolver.append(Array(path.utf8)) }
        return withoutCovered(resolver.resolved.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// The paths less those that directly follow one that contains them; `nil` when the root is among them.
    static func withoutCovered(_ paths: [[UInt8]]) -> [[UInt8]]? {
        var kept: [[UInt8]] = []
        var last: [UInt8] = []
        for path in paths {
            if path == [UInt8(ascii: ".")] { return nil }
            if path.hasPrefix(last + [PathBytes.slash]) { continue }
            kept.append(path)
            last = path
        }
        return kept
    }

    private struct Resolver<Tree: LinkReading> {
        let tree: Tree
        var resolved: Set<[UInt8]> = []

        mutating func append(_ path: [UInt8]) throws {
            var rest = PathBytes.clean([UInt8(ascii: "."), PathBytes.slash] + path)[...]
            var current: [UInt8] = []
            while true {
                let name = rest.prefix { $0 != PathBytes.slash }
                rest = rest.dropFirst(name.count).dropFirst()
                current = current.isEmpty ? Array(name) : PathBytes.join(current, name)
                let targets = try targets(of: current)
                guard rest.isEmpty || targets != nil else { continue }
                guard resolved.insert(current).inserted else { return }
                for target in targets ?? [] { try append(rest.isEmpty ? target : target + [PathBytes.slash] + rest) }
                return
            }
        }

        /// The targets of the links that `path`, whose last name may have wildcards, matches; `nil` when none is a link.
        private func targets(of path: [UInt8]) throws -> [[UInt8]]? {
            let directory = PathBytes.parent(of: path)
            let name = path[(directory.isEmpty ? 0 : directory.count + 1)...]
            guard Self.hasWildcard(name) else { return try target(of: path).map { [$0] } }
            guard let names = try tree.names(in: directory), let pattern = try? PathPattern(name: Array(name)) else {
                return nil
            }
            let found = try names.filter(pattern.matches).compactMap { try target(of: PathBytes.join(directory, $0)) }
            return found.isEmpty ? nil : found
        }

        /// Where the link at `path` points, from the root.
        private func target(of path: [UInt8]) throws -> [UInt8]? {
            guard path != [UInt8(ascii: ".")], let link = try tree.linkTarget(of: path) else { return nil }
            if link.first == PathBytes.slash { return PathBytes.clean(link) }
            return PathBytes.clean([PathBytes.slash] + PathBytes.join(PathBytes.parent(of: path), link))
        }

        private static func hasWildcard(_ name: ArraySlice<UInt8>) -> Bool {
            var escaped = false
            for byte in name {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains(byte) {
                    return true
                }
            }
            return false
        }
    }
}
