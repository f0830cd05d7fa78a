// SPDX-License-Identifier: Apache-2.0

import LLB
import PathPatterns

/// What a copy selects in its source.
enum CopySelection {
    /// One source.
    struct Match {
        /// The names of the source's path, `..` taken as written.
        let names: [[UInt8]]
        /// The name that it gets in a directory; `nil` where its contents go there, for `dir/.` and the root.
        let name: [UInt8]?
    }

    /// The sources: the path, or what the wildcard matches.
    static func matches(of action: CopyAction, in tree: FileTree) throws -> [Match] {
        guard action.allowsWildcard else {
            let names = TreePath.cleanNames(action.source)
            return [Match(names: names, name: action.source.hasSuffix("/.") ? nil : names.last)]
        }
        let found = try Wildcard(action.source).matches(in: tree, followsLinks: action.followsSymlink)
        guard !found.isEmpty || action.allowsEmptyWildcard else {
            throw PathFailure.reason(.noMatch(pattern: action.source))
        }
        return found.map { Match(names: $0, name: $0.last) }
    }

    /// What is let through below a source that is a directory.
    static func filter(of action: CopyAction) throws -> PathFilter {
        do {
            return try PathFilter(include: action.includePatterns, exclude: action.excludePatterns)
        } catch {
            throw PathFailure.reason(.invalidPattern(error.description))
        }
    }
}
