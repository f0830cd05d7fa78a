// SPDX-License-Identifier: Apache-2.0

public import BuildModel
import CLinux
import Dispatch
import Glibc
import Synchronization
public import SystemPackage

/// Immutable bytes named by their SHA-256, kept as an OCI image layout.
///
/// A blob appears under its name whole or not at all: it is written to a folder of this process below `tmp/`, and
/// renamed into `blobs/sha256/` when its digest is known. It survives a power loss once `flush()` returned.
///
/// Source: OCI image specification, "Image Layout".
public struct BlobStore: Sendable {
    /// The data root, which holds `oci-layout`, `index.json`, `blobs/` and `tmp/`.
    public let root: FilePath
    /// The folder of this process below `tmp/`.
    public let scratch: ScratchFolder
    private let folder: FilePath
    private let unflushed: Unflushed

    /// The blobs that were written and not yet made durable.
    private final class Unflushed: Sendable {
        let digests = Mutex<Set<ContentDigest>>([])
    }

    /// Opens the store at `root`, making what is not there yet.
    ///
    /// Folders below `tmp/` that dead processes left behind are removed.
    ///
    /// - Throws: `SystemCallError` when `root` can't be made or written.
    public init(root: FilePath) throws {
        self.root = root
        folder = root.appending("blobs").appending("sha256")
        unflushed = Unflushed()
        try PositionedIO.makeDirectories(folder)
        scratch = try ScratchFolder(in: root.appending("tmp"))
        try provide("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        try provide("index.json", #"{"manifests":[],"mediaType":"\#(Self.indexType)","schemaVersion":2}"#)
    }

    /// How many blobs are made durable at once.
    private static let flushers = 16

    private static let indexType = "application/vnd.oci.image.index.v1+json"

    private func provide(_ name: String, _ text: String) throws {
        let path = root.appending(name)
        guard unsafe access(path.string, F_OK) != 0 else { return }
        try unsafe Array(text.utf8).withUnsafeBytes { bytes in
            try unsafe PositionedIO.replace(path, with: bytes, scratch: scratch)
        }
    }

    /// Where the blob is, whether it exists or not.
    public func path(_ digest: ContentDigest) -> FilePath { folder.appending(digest.hex) }

    /// Whether the blob is there; its bytes are not looked at.
    public func contains(_ digest: ContentDigest) -> Bool { size(digest) != nil }

    /// The blob's length in bytes; `nil` when it is not there.
    public func size(_ digest: ContentDigest) -> Int64? {
        var info = stat()
        guard unsafe stat(path(digest).string, &info) == 0 else { return nil }
        return Int64(info.st_size)
    }

    /// Stores `bytes` and returns their digest.
    public func put(_ bytes: [UInt8]) throws -> ContentDigest {
        let digest = ContentDigest(of: bytes)
        if size(digest) == Int64(bytes.count) { return digest }
        let temporary = scratch.newPath()
        try unsafe bytes.withUnsafeBytes { try unsafe PositionedIO.replace(temporary, with: $0, scratch: scratch) }
        try adopt(temporary, as: digest, size: Int64(bytes.count))
        return digest
    }

    /// Opens a blob for reading, unchecked.
    ///
    /// The caller closes the descriptor.
    ///
    /// - Throws: `BlobError.missing`.
    public func open(_ digest: ContentDigest) throws -> FileDescriptor {
        let path = path(digest).string
        let raw = unsafe reel_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0)
        guard raw >= 0 else {
            let code = currentErrno()
            throw code == ENOENT ? BlobError.missing(digest) : SystemCallError("open", path, code: code)
        }
        return FileDescriptor(rawValue: raw)
    }

    /// Starts a new blob, whose digest is known at its end.
    public func writer() throws -> BlobWriter { try BlobWriter(store: self) }

    /// Removes the blob; one that is not there is fine.
    public func remove(_ digest: ContentDigest) throws {
        guard unsafe unlink(path(digest).string) == 0 || currentErrno() == ENOENT else {
            throw SystemCallError("unlink", path(digest).string)
        }
        _ = unflushed.digests.withLock { $0.remove(digest) }
    }

    /// Every blob with its length in bytes, in the order of the digests.
    public func all() throws -> [(digest: ContentDigest, size: Int64)] {
        try PositionedIO.names(in: folder).compactMap { try? ContentDigest(hex: $0) }.sorted()
            .compactMap { digest in size(digest).map { (digest, $0) } }
    }

    /// Makes durable every blob that this store has written since the last call.
    ///
    /// - Throws: `SystemCallError`; the blobs not yet durable are tried again at the next call.
    public func flush() throws {
        let digests = unflushed.digests.withLock { $0 }
        guard !digests.isEmpty else { return }
        let failure = Mutex<SystemCallError?>(nil)
        let order = digests.sorted()
        // Together, since a file system's journal takes the files of many waiting threads in one commit. Each worker has a
        // serial queue, and with it a thread, of its own: the threads wait, so there may be more of them than processors.
        let group = DispatchGroup()
        for first in 0..<min(Self.flushers, order.count) {
            DispatchQueue(label: "reel.flush").async(group: group) {
                for digest in stride(from: first, to: order.count, by: Self.flushers).map({ order[$0] }) {
                    guard let file = try? open(digest) else { continue }
                    defer { try? file.close() }
                    guard fsync(file.rawValue) == 0 else {
                        let error = SystemCallError("fsync", path(digest).string)
                        failure.withLock { $0 = $0 ?? error }
                        return
                    }
                }
            }
        }
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
        let directory = try PositionedIO.open(folder, O_RDONLY | O_DIRECTORY)
        defer { try? directory.close() }
        guard fsync(directory.rawValue) == 0 else { throw SystemCallError("fsync", folder.string) }
        unflushed.digests.withLock { $0.subtract(digests) }
    }

    /// Moves a finished file into its place.
    ///
    /// A blob of the same length that is there already stays, since it may be durable, which the new one is not.
    func adopt(_ temporary: FilePath, as digest: ContentDigest, size: Int64) throws {
        if self.size(digest) == size {
            _ = unsafe unlink(temporary.string)
            return
        }
        guard unsafe rename(temporary.string, path(digest).string) == 0 else {
            let code = currentErrno()
            _ = unsafe unlink(temporary.string)
            throw SystemCallError("rename", path(digest).string, code: code)
        }
        _ = unflushed.digests.withLock { $0.insert(digest) }
    }
}
