// SPDX-License-Identifier: Apache-2.0

/// Include and exclude patterns together, as LLB's local source and copy action have them.
///
/// A path is kept when the include patterns (if there are any) match it or one of its parents, and the exclude
/// patterns don't. A directory that is not kept itself still becomes part of the result when something in it is kept;
/// the caller adds such parents when it comes to the first kept path inside.
///
/// Source: tonistiigi/fsutil, `filter.go`, as vendored by BuildKit.
public struct PathFilter: Sendable {
    /// What must match; `nil` when everything is included.
    public let include: PatternList?
    /// What must not match.
    public let exclude: PatternList

    /// Keeps everything.
    public static let all = PathFilter(include: nil, exclude: .empty)

    /// Makes a filter of compiled lists; an empty `include` lets everything in.
    public init(include: PatternList?, exclude: PatternList) {
        self.include = include.flatMap { $0.patterns.isEmpty ? nil : $0 }
        self.exclude = exclude
    }

    /// Compiles the patterns of an LLB definition.
    ///
    /// - Parameters:
    ///   - include: Include patterns; none lets everything in.
    ///   - exclude: Exclude patterns, exceptions included.
    ///   - followed: What `FollowPaths.resolve` made of the follow paths; `nil` when there are none, or one of them is
    ///     the root.
    /// - Throws: `PatternError` at the first malformed pattern.
    public init(include: [String], exclude: [String], followed: [[UInt8]]? = nil) throws(PatternError) {
        var wanted = include.map { Array($0.utf8) }
        if let followed { wanted = FollowPaths.withoutCovered(wanted + followed) ?? [] }
        self.init(include: try PatternList(bytes: wanted), exclude: try PatternList(exclude))
    }

    /// Whether nothing can be left out.
    public var keepsEverything: Bool { include == nil && exclude.patterns.isEmpty }

    /// Whether a path that is no directory is kept; `parent` is its directory's, `nil` directly below the root.
    public func keeps(_ path: [UInt8], below parent: DirectoryVisit? = nil) -> Bool {
        if let include, !include.decision(for: path, below: parent?.include).isMatch { return false }
        return exclude.patterns.isEmpty || !exclude.decision(for: path, below: parent?.exclude).isMatch
    }

    /// What to do with the directory `path`.
    public func visit(directory path: [UInt8], below parent: DirectoryVisit? = nil) -> DirectoryVisit {
        let included = include.map { $0.state(of: path, below: parent?.include) }
        let excluded = exclude.patterns.isEmpty ? nil : exclude.state(of: path, below: parent?.exclude)
        var isKept = true
        var isEntered = true
        if let include, included?.decision.isMatch != true {
            isKept = false
            isEntered = include.canMatch(inside: path)
        }
        if excluded?.decision.isMatch == true {
            isKept = false
            isEntered = isEntered && exclude.exceptionCanMatch(inside: path)
        }
        return DirectoryVisit(isKept: isKept, isEntered: isEntered, include: included, exclude: excluded)
    }

    /// Whether `path` is kept, all of its parents considered; for single questions, outside a walk.
    public func keeps(wholePath path: [UInt8]) -> Bool {
        if let include, !include.decision(for: path).isMatch { return false }
        return !exclude.decision(for: path).isMatch
    }
}

/// What a `PathFilter` says of one directory.
public struct DirectoryVisit: Sendable {
    /// Whether the directory itself is kept, also when nothing in it is.
    public let isKept: Bool
    /// Whether something inside can be kept; else the walk may pass it by without reading it.
    public let isEntered: Bool
    let include: PatternState?
    let exclude: PatternState?
}
