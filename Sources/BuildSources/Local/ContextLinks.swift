// SPDX-License-Identifier: Apache-2.0

import Glibc
import PathPatterns

/// A context as `FollowPaths` looks at it.
struct ContextLinks: LinkReading {
    let root: ContextRoot

    func names(in directory: [UInt8]) throws -> [[UInt8]]? {
        guard let file = try? root.open(directory, directory: true), let listing = try? DirectoryListing(file) else {
            return nil
        }
        return try listing.names().map(\.bytes).sorted { $0.precedes($1) }
    }

    func linkTarget(of path: [UInt8]) throws -> [UInt8]? {
        let directory = PathBytes.parent(of: path)
        let name = Array(path[(directory.isEmpty ? 0 : directory.count + 1)...])
        guard name != [0x2E, 0x2E], let file = try? root.open(directory, directory: true),
            let listing = try? DirectoryListing(file)
        else { return nil }
        return try? listing.target(of: name)
    }
}
