// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Glibc
public import OCIModel
import Synchronization
public import SystemPackage

/// The layers of a data root: tars in the blob store, and beside them what can be made again from them.
///
/// `layers/<hex>.erofs` is the index of the layer or, for a merged one, of the stack with that ChainID;
/// `layers/<hex>.sums` holds digests of single files; `layers/<hex>.gzip` and `.zstd` name compressed forms.
public final class LayerStore: Sendable {
    /// Where the tars are.
    public let blobs: BlobStore
    private let folder: FilePath
    private let locks: FilePath
    private let opened = Mutex<[ContentDigest: OpenLayer]>([:])
    /// The stack that was looked at last, lowest layer first: the next step's stack mostly begins with it.
    private let recent = Mutex<[OpenLayer]>([])

    /// How many layers stay open for the next one who asks; more would be a stack deeper than any image has.
    private static let mostOpen = 4096

    /// Opens the layers of a data root, making what is not there yet.
    public init(root: FilePath) throws {
        blobs = try BlobStore(root: root)
        folder = root.appending("layers")
        locks = root.appending("locks")
        try PositionedIO.makeDirectories(folder)
        try PositionedIO.makeDirectories(locks)
    }

    /// Starts a layer.
    ///
    /// - Parameter timestamps: What becomes of the times of its entries.
    public func writer(timestamps: TimestampPolicy) throws -> LayerWriter {
        try LayerWriter(store: self, timestamps: timestamps)
    }

    /// Whether the layer's tar is there; its index is made when it is needed.
    public func contains(_ diffID: ContentDigest) -> Bool { blobs.contains(diffID) }

    /// The merged view of a snapshot.
    ///
    /// - Throws: `BlobError.missing` when a layer is not there, `BlobError.corrupt` or `LayerError` when its tar is
    ///   damaged and its index has to be made again.
    public func view(_ snapshot: Snapshot) throws -> LayerView {
        LayerView(snapshot: snapshot, layers: try open(snapshot.layers), isBare: false)
    }

    /// The layers of a stack, opened; those below its top that were opened for the last one are taken as they are.
    private func open(_ stack: [ContentDigest]) throws -> [OpenLayer] {
        guard let top = stack.last else { return [] }
        var layers = recent.withLock { $0 }
        let common = zip(layers, stack.dropLast()).prefix { $0.diffID == $1 }.count
        layers.removeSubrange(common...)
        for diffID in stack[common...].dropLast() { layers.append(try open(diffID)) }
        layers.append(try open(top))
        recent.withLock { $0 = layers }
        return layers
    }

    /// One layer alone, as it is: whiteouts are entries of kind `.whiteout`, and `isOpaque` is told.
    public func bareView(_ diffID: ContentDigest) throws -> LayerView {
        LayerView(snapshot: Snapshot(layers: [diffID]), layers: [try open(diffID)], isBare: true)
    }

    /// Drops what is kept beside a layer: index, digests of files, names of compressed forms.
    ///
    /// The tar stays.
    public func removeCaches(of diffID: ContentDigest) throws {
        recent.withLock { $0 = [] }
        _ = opened.withLock { $0.removeValue(forKey: diffID) }
        for kind in ["erofs", "sums"] + Compression.allCases.map(\.rawValue) {
            let path = path(diffID, kind)
            guard unsafe unlink(path.string) == 0 || currentErrno() == ENOENT else {
                throw SystemCallError("unlink", path.string)
            }
        }
    }

    /// Removes what lies beside layers that are no longer there, and the merged indexes, which are made again if needed.
    ///
    /// - Returns: How many bytes that freed.
    @discardableResult
    public func pruneCaches() throws -> Int64 {
        var freed: Int64 = 0
        for name in try PositionedIO.names(in: folder) {
            let stem = name.split(separator: ".").first ?? ""
            if let digest = try? ContentDigest(hex: stem), blobs.contains(digest) { continue }
            let path = folder.appending(name)
            var info = stat()
            guard unsafe stat(path.string, &info) == 0, unsafe unlink(path.string) == 0 else { continue }
            freed += Int64(info.st_size)
        }
        return freed
    }

    /// The bytes of everything that is kept beside layers and can be made again.
    public func cacheSize() throws -> Int64 {
        try PositionedIO.names(in: folder).reduce(0) { sum, name in
            var info = stat()
            return unsafe stat(folder.appending(name).string, &info) == 0 ? sum + Int64(info.st_size) : sum
        }
    }

    /// Writes down the digests of files that were computed since the last call.
    public func saveDigests() throws {
        for layer in opened.withLock({ Array($0.values) }) { try layer.saveDigests() }
    }

    /// The path of something that is kept beside the layer or stack `name`.
    func path(_ name: ContentDigest, _ kind: String) -> FilePath { folder.appending("\(name.hex).\(kind)") }

    /// Takes the lock for work on `name` that should be done once; waits for it.
    func lock(_ kind: String, _ name: ContentDigest) throws -> FileLock {
        try FileLock(waitingFor: locks.appending("\(kind)-\(name.hex)"))
    }

    // MARK: Indexes

    /// A layer that is open for reading; its index is made again if it is missing or damaged.
    func open(_ diffID: ContentDigest) throws -> OpenLayer {
        guard let size = blobs.size(diffID) else { throw BlobError.missing(diffID) }
        if let layer = opened.withLock({ $0[diffID] }) { return layer }
        let path = path(diffID, "erofs")
        if LayerIndex(path, name: diffID, tarSizes: [size]) == nil { try makeIndex(of: diffID, size: size) }
        guard let index = LayerIndex(path, name: diffID, tarSizes: [size]) else {
            throw LayerError.damagedIndex(path.string)
        }
        let layer = OpenLayer(diffID, index: index, blobs: blobs, sumsPath: self.path(diffID, "sums"))
        return opened.withLock { opened in
            if let other = opened[diffID] { return other }
            if opened.count >= Self.mostOpen { opened.removeAll() }
            opened[diffID] = layer
            return layer
        }
    }

    /// Makes the index of a stored tar.
    private func makeIndex(of diffID: ContentDigest, size: Int64) throws {
        do {
            let reader = TarReader(try BlobTarSource(diffID, in: blobs))
            let (tree, _) = try FileTree.reading(reader, mostEntries: .max)
            try IndexWriter.write(
                tree,
                tarSizes: [size],
                name: diffID,
                to: path(diffID, "erofs"),
                scratch: blobs.scratch
            )
        } catch let error as LayerError {
            if case .corrupt(let reason) = try blobs.verify(diffID) { throw BlobError.corrupt(diffID, reason: reason) }
            throw error
        }
    }

    /// Keeps index and digests of a layer whose tar was just stored.
    func adopt(_ tree: consuming FileTree, _ sums: consuming ContentSums, as diffID: ContentDigest, size: Int64) throws
    {
        try IndexWriter.write(tree, tarSizes: [size], name: diffID, to: path(diffID, "erofs"), scratch: blobs.scratch)
        if sums.unsaved > 0 { try sums.save(to: path(diffID, "sums"), of: diffID, scratch: blobs.scratch) }
    }
}
