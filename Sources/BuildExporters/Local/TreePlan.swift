// SPDX-License-Identifier: Apache-2.0

import Layers

/// What a view asks to be made, in the order in which it can be made.
struct TreePlan {
    /// A directory with what lies directly in it, except further directories and further names of files.
    struct Folder {
        let entry: ViewEntry
        var files: [ViewEntry] = []
    }

    /// One more name of a file that is made elsewhere.
    struct FurtherName {
        let path: [UInt8]
        let first: [UInt8]
    }

    /// Parents before children; the first is the root.
    private(set) var folders: [Folder] = []
    private(set) var furtherNames: [FurtherName] = []
    /// The sum of the lengths of the files.
    private(set) var bytes: Int64 = 0

    /// Plans everything in `view`.
    init(_ view: LayerView) throws {
        var firstNames: [FileIdentity: [UInt8]] = [:]
        var pending = [try view.root]
        while let directory = pending.popLast() {
            try Stop.check()
            var folder = Folder(entry: directory)
            for child in try view.children(of: directory) {
                if child.kind == .directory {
                    pending.append(child)
                } else if child.linkCount > 1, let first = firstNames[child.identity] {
                    furtherNames.append(FurtherName(path: child.path, first: first))
                } else {
                    if child.linkCount > 1 { firstNames[child.identity] = child.path }
                    folder.files.append(child)
                    bytes += child.size
                }
            }
            folders.append(folder)
        }
    }
}
