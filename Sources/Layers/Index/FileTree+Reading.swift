// SPDX-License-Identifier: Apache-2.0

extension FileTree {
    /// The tree of a whole tar, and how many members it has.
    ///
    /// - Throws: `LayerError`.
    static func reading(_ reader: TarReader, mostEntries: Int) throws -> (tree: FileTree, members: Int) {
        var tree = FileTree()
        var members = 0
        var steps = 0
        while let member = try reader.next() {
            members += 1
            try tree.add(member, steps: &steps)
            guard members <= mostEntries, tree.nodes.count <= mostEntries else {
                throw LayerError.limit("it has more than \(mostEntries) entries")
            }
            try reader.passContents(of: member)
        }
        return (tree, members)
    }
}
