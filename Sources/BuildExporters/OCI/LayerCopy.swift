// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers

/// Writes the entries of one bare layer once more, with what the writer does to times.
enum LayerCopy {
    /// Copies everything in `view`, which shows one layer alone, into `writer`.
    static func copy(_ view: LayerView, into writer: LayerWriter) throws {
        var names: [FileIdentity: [UInt8]] = [:]
        try view.walk(from: view.root) { entry in
            try Stop.check()
            try add(entry, of: view, to: writer, names: &names)
            return .descend
        }
    }

    private static func add(
        _ entry: ViewEntry,
        of view: LayerView,
        to writer: LayerWriter,
        names: inout [FileIdentity: [UInt8]]
    ) throws {
        switch entry.kind {
        case .whiteout: return  // given with its directory
        case .directory:
            try writer.directory(entry.path, entry.attributes)
            if entry.isOpaque { try writer.opaque(entry.path) }
            for child in try view.children(of: entry) where child.kind == .whiteout {
                try writer.whiteout(child.path)
            }
            return
        default: break
        }
        if let first = names[entry.identity] { return try writer.hardLink(entry.path, to: first) }
        if entry.linkCount > 1 { names[entry.identity] = entry.path }
        switch entry.kind {
        case .regular:
            try writer.file(entry.path, entry.attributes, size: entry.size, content: .entry(entry, view))
        case .symbolicLink: try writer.symbolicLink(entry.path, entry.attributes, target: entry.linkTarget)
        default: try writer.special(entry.path, entry.attributes)
        }
    }
}
