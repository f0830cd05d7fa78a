// SPDX-License-Identifier: Apache-2.0

public import BuildModel
public import Layers
import OCIModel
import PathPatterns
public import SystemPackage

/// Reads contexts that are tars, as a file or on standard input: plain or compressed, told apart by their first bytes.
///
/// The result is that of unpacking the tar into an empty directory and reading that: owners become 0, times don't
/// count, devices and named pipes are refused by name.
public struct ArchiveContextReader: Sendable {
    private let layers: LayerStore
    private let limits: ImportLimits

    /// Makes a reader.
    ///
    /// - Parameters:
    ///   - layers: Where the tar, the manifest and the layer go.
    ///   - limits: What a tar may be at most.
    public init(layers: LayerStore, limits: ImportLimits = .default) {
        self.layers = layers
        self.limits = limits
    }

    /// Reads the tar that `source` gives from its current position to its end. Blocks.
    ///
    /// - Parameter options: `verify` and `parallelism` have no meaning here.
    /// - Returns: The context. Its layer is another than the tar itself, which stays in the store until it is pruned.
    /// - Throws: `ContextError`, `PatternError`, or `LayerError` for a tar that is damaged or hostile.
    public func read(from source: FileDescriptor, options: LocalContextOptions = LocalContextOptions()) throws
        -> LocalContext
    {
        try read(layer: layers.importLayer(from: source, expecting: nil, limits: limits).diffID, options: options)
    }

    /// Reads a tar that is in the store already, as a layer alone. Blocks.
    ///
    /// - Throws: As `read(from:options:)`.
    public func read(layer: ContentDigest, options: LocalContextOptions = LocalContextOptions()) throws -> LocalContext
    {
        try read(layers.bareView(layer), options: options)
    }

    /// Reads a layer as a context, such as that of a git source. Blocks.
    ///
    /// - Parameter options: `verify` and `parallelism` have no meaning here.
    /// - Throws: `ContextError`, `PatternError`, or `LayerError`.
    public func read(_ view: LayerView, options: LocalContextOptions) throws -> LocalContext {
        var session = ArchiveSession(view: view, options: options, filter: try filter(options, view))
        try session.select()
        let layer = try session.write(to: options.makesLayer ? layers.writer(timestamps: options.timestamps) : nil)
        let manifest = ContextManifest(entries: session.entries)
        let digest = try layers.blobs.put(manifest.encoded)
        let totals = manifest.totals
        return LocalContext(
            manifest: manifest,
            digest: digest,
            layer: layer,
            files: totals.files,
            bytes: totals.bytes,
            filesRead: totals.files,
            skipped: []
        )
    }

    private func filter(_ options: LocalContextOptions, _ view: LayerView) throws -> PathFilter {
        let followed =
            options.followPaths.isEmpty
            ? nil : try FollowPaths.resolve(options.followPaths, in: ArchiveLinks(view: view))
        let filter = try PathFilter(include: options.include, exclude: options.exclude, followed: followed)
        guard let ignore = options.ignore else { return filter }
        return PathFilter(include: filter.include, exclude: ignore)
    }
}

/// A tar as `FollowPaths` looks at it.
private struct ArchiveLinks: LinkReading {
    let view: LayerView

    func names(in directory: [UInt8]) throws -> [[UInt8]]? {
        guard let entry = try view.entry(at: directory), entry.kind == .directory else { return nil }
        return try view.children(of: entry).map { Array($0.name) }
    }

    func linkTarget(of path: [UInt8]) throws -> [UInt8]? {
        guard let entry = try view.entry(at: path), entry.kind == .symbolicLink else { return nil }
        return entry.linkTarget
    }
}

/// One reading of a tar, from its entries to those of the context.
private struct ArchiveSession {
    private let view: LayerView
    private let options: LocalContextOptions
    private let filter: PathFilter
    /// What is wanted, in byte order of the paths.
    private var selected: [ViewEntry] = []
    private(set) var entries: [ContextEntry] = []

    init(view: LayerView, options: LocalContextOptions, filter: PathFilter) {
        self.view = view
        self.options = options
        self.filter = filter
    }

    /// Applies the patterns; directories that are not wanted themselves stay where something in them is.
    mutating func select() throws {
        var visits: [[UInt8]: DirectoryVisit] = [:]
        var found: [(entry: ViewEntry, isKept: Bool)] = []
        var places: [[UInt8]: Int] = [:]
        let filter = filter
        try view.walk(from: try view.root) { entry in
            if entry.path.isEmpty { return .descend }
            let parent = visits[PathBytes.parent(of: entry.path)]
            var isKept = true
            if entry.kind == .directory {
                let visit = filter.visit(directory: entry.path, below: parent)
                guard visit.isKept || visit.isEntered else { return .skip }
                visits[entry.path] = visit
                places[entry.path] = found.count
                isKept = visit.isKept
            } else {
                guard filter.keeps(entry.path, below: parent) else { return .skip }
                try Self.check(entry)
            }
            if isKept {
                var above = PathBytes.parent(of: entry.path)
                while let place = places[above], !found[place].isKept {
                    found[place].isKept = true
                    above = PathBytes.parent(of: above)
                }
            }
            found.append((entry, isKept))
            return .descend
        }
        selected = found.filter(\.isKept).map(\.entry)
    }

    private static func check(_ entry: ViewEntry) throws {
        let path = ContextPath.text(entry.path)
        switch entry.kind {
        case .regular, .directory, .symbolicLink: break
        case .characterDevice: throw ContextError.specialFile(path: path, what: "character device")
        case .blockDevice: throw ContextError.specialFile(path: path, what: "block device")
        case .fifo: throw ContextError.specialFile(path: path, what: "named pipe")
        case .socket: throw ContextError.specialFile(path: path, what: "socket")
        case .whiteout: throw ContextError.archive("it deletes '\(path)', as only layers of images do")
        }
    }

    /// Writes the layer, if one is wanted, and collects the entries.
    mutating func write(to writer: LayerWriter?) throws -> ContentDigest? {
        var first: [FileIdentity: [UInt8]] = [:]
        for entry in selected {
            let attributes = attributes(of: entry)
            let content: ContextEntry.Content
            switch entry.kind {
            case .directory:
                try writer?.directory(entry.path, attributes)
                content = .directory
            case .symbolicLink:
                try writer?.symbolicLink(entry.path, attributes, target: entry.linkTarget)
                content = .symbolicLink(target: entry.linkTarget)
            default:
                if entry.linkCount > 1, let target = first[entry.identity] {
                    try writer?.hardLink(entry.path, to: target)
                    content = .hardLink(target: target)
                } else {
                    first[entry.identity] = entry.path
                    content = .file(size: entry.size, digest: try file(entry, attributes, to: writer))
                }
            }
            var isLink = entry.kind == .symbolicLink
            if case .hardLink = content { isLink = true }
            entries.append(
                ContextEntry(
                    path: entry.path,
                    mode: entry.kind == .symbolicLink ? 0o777 : attributes.mode,
                    content: content,
                    xattrs: isLink ? [] : attributes.xattrs
                )
            )
        }
        return try writer?.finish().diffID
    }

    private func file(_ entry: ViewEntry, _ attributes: FileAttributes, to writer: LayerWriter?) throws -> ContentDigest
    {
        let written = try writer?.file(
            entry.path,
            attributes,
            size: entry.size,
            content: .entry(entry, view),
            hashing: true
        )
        return try written ?? view.contentDigest(of: entry)
    }

    private func attributes(of entry: ViewEntry) -> FileAttributes {
        let modified =
            switch options.timestamps {
            case .clamp(let epoch): Timestamp(seconds: epoch)
            case .keep: entry.attributes.modified
            }
        return FileAttributes(
            kind: entry.kind,
            mode: options.modes.apply(to: entry.attributes.mode, isDirectory: entry.kind == .directory),
            modified: modified,
            xattrs: entry.attributes.xattrs.filter {
                $0.name.starts(with: "user.".utf8) || $0.name.elementsEqual("security.capability".utf8)
            }
        )
    }
}
