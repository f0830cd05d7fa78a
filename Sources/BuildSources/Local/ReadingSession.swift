// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import PathPatterns
import SystemPackage

/// One reading of a context, from the walk's result to manifest, layer and stat cache.
struct ReadingSession {
    /// Changed files of at most this many bytes in all are read before it is known whether a layer must be made.
    static let heldLimit: Int64 = 32 << 20

    private var entries: [WalkedEntry]
    private let skipped: [SkippedEntry]
    private let reading: FileReading
    private let cache: StatCache
    private let hasCache: Bool
    private let options: LocalContextOptions
    /// For each entry: the index of its record in the cache, if that is up to date.
    private var reused: [Int32]
    /// For each entry that is a file: its digest, once it is known.
    private var digests: [ContentDigest?]
    private var layersNow: [StatCache.KnownLayer]
    private var filesRead = 0

    init(walk: consuming ContextWalk, reading: FileReading, cache: StatCache?, options: LocalContextOptions) {
        entries = walk.entries
        skipped = walk.skipped.sorted { Array($0.path.utf8).precedes(Array($1.path.utf8)) }
        self.reading = reading
        self.cache = cache ?? StatCache()
        hasCache = cache != nil
        self.options = options
        reused = Array(repeating: -1, count: entries.count)
        digests = Array(repeating: nil, count: entries.count)
        layersNow = self.cache.layers
        if !options.verify { reuseRecords() }
    }

    /// Takes from the cache what is up to date; both sides are in byte order.
    private mutating func reuseRecords() {
        var at = 0
        for index in entries.indices where entries[index].kind == .file {
            let path = entries[index].path
            while at < cache.count, cache.path(at).precedes(path) { at += 1 }
            guard at < cache.count else { return }
            guard cache.path(at) == path[...], let record = cache.record(at),
                record.stamp == entries[index].status.stamp
            else { continue }
            reused[index] = Int32(at)
            digests[index] = record.digest
            entries[index].xattrs = record.xattrs
        }
    }

    /// Does what is asked for with the least reading.
    mutating func run(layers: LayerStore?) throws -> LocalContext {
        guard let layers, options.makesLayer else {
            _ = try readMissing(keepingUpTo: nil)
            let manifest = manifest()
            let encoded = manifest.encoded
            let digest = ContentDigest(of: encoded)
            if let layers, !layers.blobs.contains(digest) { _ = try layers.blobs.put(encoded) }
            return result(manifest, digest, layer: nil)
        }
        let old = layersNow.first { layers.contains($0.diffID) }
        var held: [Int: [UInt8]] = [:]
        let missing = entries.indices.filter { entries[$0].kind == .file && digests[$0] == nil }
        let missingBytes = missing.reduce(Int64(0)) { $0 + entries[$1].status.stamp.size }
        if missing.isEmpty || (old != nil && missingBytes <= Self.heldLimit) {
            held = try readMissing(keepingUpTo: Self.heldLimit)
            let manifest = manifest()
            let encoded = manifest.encoded
            let digest = ContentDigest(of: encoded)
            let key = layerKey(digest)
            if let known = layersNow.first(where: { $0.key == key }), layers.contains(known.diffID),
                layers.blobs.contains(digest)
            {
                return result(manifest, digest, layer: known.diffID)
            }
        }
        let diffID = try writeLayer(into: layers, old: old?.diffID, held: held)
        let manifest = manifest()
        let digest = try layers.blobs.put(manifest.encoded)
        remember(layerKey(digest), diffID)
        return result(manifest, digest, layer: diffID)
    }

    private func result(_ manifest: ContextManifest, _ digest: ContentDigest, layer: ContentDigest?) -> LocalContext {
        let totals = manifest.totals
        return LocalContext(
            manifest: manifest,
            digest: digest,
            layer: layer,
            files: totals.files,
            bytes: totals.bytes,
            filesRead: filesRead,
            skipped: skipped
        )
    }

    // MARK: Reading

    /// Reads every file whose digest is not known, on several threads; the contents of those that are asked for.
    private mutating func readMissing(keepingUpTo kept: Int64?) throws -> [Int: [UInt8]] {
        let missing = entries.indices.filter { entries[$0].kind == .file && digests[$0] == nil }
        let batches = Self.batches(missing, sizes: entries)
        let reader = start(batches, keepingUpTo: kept)
        defer { reader.stop() }
        var held: [Int: [UInt8]] = [:]
        for batch in batches.indices {
            for (index, file) in zip(batches[batch], try reader.take(batch)) {
                note(file, at: index)
                if let bytes = file.bytes { held[index] = bytes }
            }
        }
        return held
    }

    private func start(_ batches: [[Int]], keepingUpTo kept: Int64?) -> OrderedReading<[ReadFile]> {
        let paths = batches.map { $0.map { entries[$0].path } }
        let reading = reading
        return OrderedReading(count: batches.count, threads: options.parallelism, window: 24) { batch in
            try paths[batch].map { try reading.read($0, keepingUpTo: kept) }
        }
    }

    /// Groups files into pieces of work of about a megabyte, or 64 files.
    private static func batches(_ indices: [Int], sizes entries: [WalkedEntry]) -> [[Int]] {
        var batches: [[Int]] = []
        var current: [Int] = []
        var bytes: Int64 = 0
        for index in indices {
            let size = entries[index].status.stamp.size
            if !current.isEmpty, current.count == 64 || bytes + size > FileReading.wholeLimit {
                batches.append(current)
                current = []
                bytes = 0
            }
            current.append(index)
            bytes += size
        }
        if !current.isEmpty { batches.append(current) }
        return batches
    }

    private mutating func note(_ file: ReadFile, at index: Int) {
        reused[index] = -1
        entries[index].status = file.status
        entries[index].xattrs = file.xattrs
        digests[index] = file.digest
        filesRead += 1
    }

    // MARK: Manifest

    private func manifest() -> ContextManifest {
        ContextManifest(
            entries: entries.indices.map { index in
                let entry = entries[index]
                let mode = options.modes.apply(to: entry.status.permissions, isDirectory: entry.kind == .directory)
                return switch entry.kind {
                case .directory: ContextEntry(path: entry.path, mode: mode, content: .directory, xattrs: entry.xattrs)
                case .symbolicLink(let target):
                    ContextEntry(path: entry.path, mode: 0o777, content: .symbolicLink(target: target))
                case .hardLink(let first):
                    ContextEntry(
                        path: entry.path,
                        mode: options.modes.apply(to: entries[first].status.permissions, isDirectory: false),
                        content: .hardLink(target: entries[first].path)
                    )
                case .file:
                    ContextEntry(
                        path: entry.path,
                        mode: mode,
                        content: .file(size: entry.status.stamp.size, digest: digests[index] ?? ContentDigest(of: "")),
                        xattrs: entry.xattrs
                    )
                }
            }
        )
    }

    // MARK: Layer

    /// What a layer is remembered by: the manifest, and what times do to the layer.
    private func layerKey(_ manifest: ContentDigest) -> ContentDigest {
        switch options.timestamps {
        case .clamp(let epoch): return ContentDigest(of: "\(manifest) \(epoch)")
        case .keep:
            let times = entries.map { String($0.status.stamp.modified) }.joined(separator: " ")
            return ContentDigest(of: "\(manifest) keep \(times)")
        }
    }

    private mutating func remember(_ key: ContentDigest, _ diffID: ContentDigest) {
        layersNow.removeAll { $0.key == key }
        layersNow.insert(StatCache.KnownLayer(key: key, diffID: diffID), at: 0)
        layersNow = Array(layersNow.prefix(StatCache.rememberedLayers))
    }

    /// Writes the layer: contents come from memory, from the old layer, or from the files, each of them read once.
    private mutating func writeLayer(
        into layers: LayerStore,
        old: ContentDigest?,
        held: [Int: [UInt8]]
    ) throws -> ContentDigest {
        let earlier = EarlierLayer(layers: layers, diffID: old)
        var sources: [Int: ViewEntry] = [:]
        var toRead: [Int] = []
        for index in entries.indices where entries[index].kind == .file && held[index] == nil {
            if entries[index].status.stamp.size > FileReading.wholeLimit, digests[index] == nil { continue }
            if let digest = digests[index], let entry = earlier.file(at: entries[index].path, digest: digest) {
                sources[index] = entry
            } else if entries[index].status.stamp.size <= FileReading.wholeLimit {
                toRead.append(index)
            }
        }
        let batches = Self.batches(toRead, sizes: entries)
        let reader = start(batches, keepingUpTo: FileReading.wholeLimit)
        defer { reader.stop() }
        var feed = LayerFeed(batches: batches, reader: reader)
        let writer = try layers.writer(timestamps: options.timestamps)
        for index in entries.indices {
            if case .file = entries[index].kind {
                try writeFile(index, to: writer, held: held[index], source: sources[index], earlier, from: &feed)
            } else {
                try writeOther(index, to: writer)
            }
        }
        return try writer.finish().diffID
    }

    private func attributes(_ index: Int, _ kind: FileKind) -> FileAttributes {
        let entry = entries[index]
        let mode = options.modes.apply(to: entry.status.permissions, isDirectory: kind == .directory)
        let modified =
            switch options.timestamps {
            case .clamp(let epoch): Timestamp(seconds: epoch)
            case .keep: Timestamp(nanoseconds: entry.status.stamp.modified)
            }
        return FileAttributes(
            kind: kind,
            mode: kind == .symbolicLink ? 0o777 : mode,
            modified: modified,
            xattrs: entry.xattrs
        )
    }

    private func writeOther(_ index: Int, to writer: LayerWriter) throws {
        let path = entries[index].path
        switch entries[index].kind {
        case .directory: try writer.directory(path, attributes(index, .directory))
        case .symbolicLink(let target):
            try writer.symbolicLink(path, attributes(index, .symbolicLink), target: target)
        case .hardLink(let first): try writer.hardLink(path, to: entries[first].path)
        case .file: break
        }
    }

    private mutating func writeFile(
        _ index: Int,
        to writer: LayerWriter,
        held: [UInt8]?,
        source: ViewEntry?,
        _ earlier: EarlierLayer,
        from feed: inout LayerFeed
    ) throws {
        let path = entries[index].path
        var content: FileContent?
        if let held { content = .bytes(held) }
        if let source, let view = earlier.view { content = .entry(source, view) }
        if content == nil, let file = try feed.file(for: index) {
            note(file, at: index)
            content = file.bytes.map(FileContent.bytes)
        }
        // What is left is too large to be held, or grew too large since the walk.
        guard let content else { return try streamFile(index, to: writer) }
        try writer.file(
            path,
            attributes(index, .regular),
            size: entries[index].status.stamp.size,
            content: content,
            knownDigest: digests[index]
        )
    }

    /// Puts a large file into the layer straight from its descriptor, so that holes stay holes.
    private mutating func streamFile(_ index: Int, to writer: LayerWriter) throws {
        let path = entries[index].path
        let (file, status) = try reading.open(path)
        entries[index].status = status
        do throws(SystemErrno) {
            entries[index].xattrs = try file.attributes()
        } catch {
            throw ContextWalk.error(error, at: path)
        }
        do {
            digests[index] = try writer.file(
                path,
                attributes(index, .regular),
                size: status.stamp.size,
                content: .descriptor(file.fileDescriptor),
                hashing: true
            )
        } catch LayerError.contentLength {
            throw FileOvertaken(path: path)
        }
        reading.afterReading?(path)
        guard digests[index] != nil, file.status() == status else { throw FileOvertaken(path: path) }
        reused[index] = -1
        filesRead += 1
    }
}

/// The files that other threads read, in the order in which the layer wants them.
private struct LayerFeed {
    let batches: [[Int]]
    let reader: OrderedReading<[ReadFile]>
    private var batch = 0
    private var taken: ArraySlice<(Int, ReadFile)> = []

    init(batches: [[Int]], reader: OrderedReading<[ReadFile]>) {
        self.batches = batches
        self.reader = reader
    }

    /// The file of entry `index`, if it is the next one that was read.
    mutating func file(for index: Int) throws -> ReadFile? {
        if taken.isEmpty, batch < batches.count, batches[batch].first == index {
            taken = Array(zip(batches[batch], try reader.take(batch)))[...]
            batch += 1
        }
        guard let (next, file) = taken.first, next == index else { return nil }
        taken.removeFirst()
        return file
    }
}

/// The layer of an earlier reading, from which unchanged contents are taken.
private struct EarlierLayer {
    let view: LayerView?

    init(layers: LayerStore, diffID: ContentDigest?) {
        view = diffID.flatMap { try? layers.view(Snapshot(layers: [$0])) }
    }

    /// The file at `path`, if its contents have this digest.
    func file(at path: [UInt8], digest: ContentDigest) -> ViewEntry? {
        guard let view, let entry = try? view.entry(at: path), entry.kind == .regular,
            (try? view.contentDigest(of: entry)) == digest
        else { return nil }
        return entry
    }
}

// MARK: Stat cache

extension ReadingSession {
    /// Writes the stat cache anew, if anything in it would change.
    func save(into file: StatCacheFile?, root: FilePath, status: FileStatus, filter: PathFilter) {
        guard let file, let start = file.start else { return }
        var writer = StatCacheWriter(root: root, status: status)
        var at = 0
        var isChanged = layersNow != cache.layers
        /// Keeps what this reading was not to look at, up to `path`; what is gone is forgotten.
        func pass(upTo path: [UInt8]?) {
            while at < cache.count, path.map({ cache.path(at).precedes($0) }) ?? true {
                if filter.keeps(wholePath: Array(cache.path(at))) {
                    isChanged = true
                } else {
                    writer.append(raw: cache.raw(at))
                }
                at += 1
            }
        }
        for index in entries.indices where entries[index].kind == .file {
            let path = entries[index].path
            pass(upTo: path)
            let old = at < cache.count && cache.path(at) == path[...] ? at : nil
            if old != nil { at += 1 }
            if let old, reused[index] == Int32(old) {
                writer.append(raw: cache.raw(old))
                continue
            }
            let stamp = entries[index].status.stamp
            guard let digest = digests[index], StatCache.isTrusted(stamp, readAfter: start) else {
                if old != nil { isChanged = true }
                continue
            }
            isChanged = true
            writer.append(path, StatCache.Record(stamp: stamp, digest: digest, xattrs: entries[index].xattrs))
        }
        pass(upTo: nil)
        guard isChanged else { return file.discard() }
        file.save(writer.finish(layers: layersNow))
    }
}

extension ArraySlice<UInt8> {
    /// Whether it comes first in byte order.
    @inline(__always)
    func precedes(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }
}
