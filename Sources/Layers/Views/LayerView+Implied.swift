// SPDX-License-Identifier: Apache-2.0

extension LayerView {
    /// Whether a directory of a bare view is there only because something lies in it, its attributes made up.
    ///
    /// Always `false` for the root and for what is no directory.
    public func isImplied(_ entry: ViewEntry) throws -> Bool {
        guard entry.kind == .directory, !entry.path.isEmpty else { return false }
        return try layers[entry.identity.layer].index.node(entry.identity.node).isImplied
    }
}
