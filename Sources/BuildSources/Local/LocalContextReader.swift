// SPDX-License-Identifier: Apache-2.0

import BuildModel
public import Layers
import PathPatterns
public import SystemPackage

/// Reads local contexts.
///
/// A tree is walked once and each of its files is read at most once; symbolic links are never followed. The result
/// depends on names, kinds, permission bits, contents, link targets and extended attributes, and on nothing else.
public struct LocalContextReader: Sendable {
    private let layers: LayerStore?
    private let statDirectory: FilePath?
    /// Called after each reading of a file, before it is checked; for tests.
    var afterReading: (@Sendable ([UInt8]) -> Void)?

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - layers: Where the manifest and the layer go; without it only digests are computed.
    ///   - statDirectory: The folder of the stat caches, made if it is not there; `nil` for none.
    public init(layers: LayerStore?, statDirectory: FilePath?) {
        self.layers = layers
        self.statDirectory = statDirectory
    }

    /// Reads the directory at `root`. Blocks.
    ///
    /// - Parameter root: An absolute path, or one relative to the working directory.
    /// - Throws: `ContextError`, `PatternError`, `LayerError`, `BlobError` or `SystemCallError`. Nothing but the stat
    ///   cache is changed then.
    public func read(root: FilePath, options: LocalContextOptions = LocalContextOptions()) throws -> LocalContext {
        for _ in 1..<FileReading.attempts {
            do {
                return try attempt(root, options)
            } catch is FileOvertaken {
                continue
            }
        }
        do {
            return try attempt(root, options)
        } catch let failure as FileOvertaken {
            throw ContextError.changing(ContextPath.text(failure.path))
        }
    }

    private func attempt(_ path: FilePath, _ options: LocalContextOptions) throws -> LocalContext {
        let root = try ContextRoot(opening: path)
        guard let status = root.status else { throw ContextError.missing(path.string) }
        let file = statDirectory.map { StatCacheFile(directory: $0, root: path, status: status) }
        do {
            let filter = try Self.filter(options, root: root)
            let reading = FileReading(root: root, afterReading: afterReading)
            var session = ReadingSession(
                walk: try Self.walk(root, filter),
                reading: reading,
                cache: file?.cache,
                options: options
            )
            let result = try session.run(layers: layers)
            session.save(into: file, root: path, status: status, filter: filter)
            return result
        } catch {
            file?.discard()
            throw error
        }
    }

    private static func walk(_ root: ContextRoot, _ filter: PathFilter) throws -> ContextWalk {
        var walk = ContextWalk(root: root, filter: filter)
        try walk.run()
        return walk
    }

    private static func filter(_ options: LocalContextOptions, root: ContextRoot) throws -> PathFilter {
        let followed =
            options.followPaths.isEmpty
            ? nil : try FollowPaths.resolve(options.followPaths, in: ContextLinks(root: root))
        let filter = try PathFilter(include: options.include, exclude: options.exclude, followed: followed)
        guard let ignore = options.ignore else { return filter }
        return PathFilter(include: filter.include, exclude: ignore)
    }
}

/// A large file that changed after its bytes had gone into the layer, so that the layer must be begun anew.
struct FileOvertaken: Error {
    let path: [UInt8]
}
