// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// Writes the changes of an upper directory into a layer, reading every file once.
struct UpperWriting {
    /// The upper directory.
    let upper: RootFolder
    /// Where they go.
    let writer: LayerWriter

    /// Writes changes in their order.
    func write(_ changes: [UpperEntry]) throws {
        var first: [UInt64: [UInt8]] = [:]
        for entry in changes {
            if entry.form == .whiteout {
                try writer.whiteout(entry.path)
                continue
            }
            if entry.links > 1, entry.attributes.kind != .directory {
                if let target = first[entry.inode] {
                    try writer.hardLink(entry.path, to: target)
                    continue
                }
                first[entry.inode] = entry.path
            }
            try write(entry)
        }
    }

    private func write(_ entry: UpperEntry) throws {
        switch entry.attributes.kind {
        case .directory: try writer.directory(entry.path, entry.attributes)
        case .regular:
            let file = try upper.open(entry.path, flags: O_RDONLY | O_NOFOLLOW)
            defer { try? file.close() }
            try writer.file(entry.path, entry.attributes, size: entry.size, content: .descriptor(file))
        case .symbolicLink: try writer.symbolicLink(entry.path, entry.attributes, target: entry.linkTarget)
        case .characterDevice, .blockDevice, .fifo: try writer.special(entry.path, entry.attributes)
        case .socket, .whiteout: break
        }
    }
}
