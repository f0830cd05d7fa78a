// SPDX-License-Identifier: Apache-2.0

import PathPatterns

/// A path some of whose names are patterns.
///
/// The names before the first pattern are followed as a path; the rest match directory levels one to one.
///
/// Source: tonistiigi/fsutil, `copy/copy.go`, `ResolveWildcards`; Go's `path/filepath.Match`.
struct Wildcard {
    private let prefix: [[UInt8]]
    private let patterns: [[UInt8]]

    /// Parses `path`; `..` is taken as written.
    init(_ path: String) {
        let names = TreePath.cleanNames(path)
        let first = names.firstIndex(where: Self.isPattern) ?? names.endIndex
        prefix = Array(names[..<first])
        patterns = Array(names[first...])
    }

    /// Whether a name has one of `*`, `?` and `[` without a backslash before it.
    static func isPattern(_ name: [UInt8]) -> Bool {
        var isEscaped = false
        for byte in name {
            if !isEscaped, byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[") {
                return true
            }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return false
    }

    /// The paths that match, in byte order of their names; the path itself, there or not, where it has no pattern.
    func matches(in tree: FileTree, followsLinks: Bool) throws -> [[[UInt8]]] {
        guard !patterns.isEmpty else { return [prefix] }
        let start = try tree.resolve(prefix, followsLast: followsLinks)
        guard let node = start.node else { throw PathFailure.reason(.notFound(path: TreePath.display(prefix))) }
        var found: [[[UInt8]]] = []
        try collect(node, start.names, depth: 0, into: &found)
        return found
    }

    private func collect(_ node: TreeNode, _ path: [[UInt8]], depth: Int, into found: inout [[[UInt8]]]) throws {
        guard let directory = node.directory else { return }
        let pattern = NamePattern(patterns[depth])
        for (name, member) in try directory.members() where pattern.matches(name) {
            if depth == patterns.count - 1 {
                found.append(path + [name])
            } else {
                try collect(member, path + [name], depth: depth + 1, into: &found)
            }
        }
    }
}
