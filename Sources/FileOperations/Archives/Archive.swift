// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// A tar, perhaps compressed, recognised by its content.
struct Archive {
    /// `nil` where `body` is no archive.
    init?(_ body: FileBody, path: String, layers: LayerStore) throws { return nil }
    /// What is in it.
    func view() throws -> LayerView { throw PathFailure.reason(.emptyPath) }
}
struct Unpacker {
    let tree: FileTree
    let root: TreeNode
    let owner: OwnerNumbers?
    func unpack(_ view: LayerView) throws {}
}
