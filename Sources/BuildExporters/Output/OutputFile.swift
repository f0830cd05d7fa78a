// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage

/// A file that is being written beside its destination: it appears there whole, or not at all.
///
/// What exists at the destination and is no regular file (a pipe, a terminal, `/dev/null`) is written to directly, and
/// so is standard output. Released without `commit()`, a temporary file is removed.
final class OutputFile {
    /// Where the bytes go.
    let descriptor: FileDescriptor
    /// The absolute path of the destination; `nil` for standard output.
    let destination: FilePath?
    /// How many bytes were written.
    private(set) var count: Int64 = 0
    private let temporary: FilePath?
    private let owned: Bool
    private var finished = false
    private var buffer: [UInt8] = []
    private static let bufferSize = 1 << 20

    /// Opens the place for `destination`.
    ///
    /// - Throws: `ExportError.destination` where it is a directory, or its folder can't be written.
    init(_ destination: ExportDestination, in environment: ExportEnvironment) throws {
        guard case .path(let text) = destination else {
            descriptor = environment.standardOutput
            (self.destination, temporary, owned) = (nil, nil, false)
            return
        }
        let path = try Self.resolved(environment.workingDirectory.pushing(FilePath(text)).lexicallyNormalized())
        self.destination = path
        owned = true
        if let status = Files.status(path, following: true) {
            switch status.st_mode & S_IFMT {
            case S_IFREG: break
            case S_IFDIR:
                throw ExportError.destination(path.string, reason: "it is a directory; name a file in it")
            default:
                descriptor = try Files.open(path, O_WRONLY)
                temporary = nil
                return
            }
        }
        (descriptor, temporary) = try Self.create(beside: path)
    }

    deinit {
        if owned { try? descriptor.close() }
        if let temporary, !finished { Files.remove(temporary) }
    }

    /// Puts the file at its destination.
    func commit() throws {
        try flush()
        guard let temporary, let destination else { return }
        try Files.rename(temporary, to: destination)
        finished = true
    }

    /// Appends `bytes`.
    func write(_ bytes: [UInt8]) throws {
        if bytes.count >= Self.bufferSize - buffer.count { try flush() }
        count += Int64(bytes.count)
        if bytes.count < Self.bufferSize { return buffer.append(contentsOf: bytes) }
        try unsafe bytes.withUnsafeBytes { try unsafe Files.writeAll($0, to: descriptor, name: name) }
    }

    /// Appends `number` zero bytes, fewer than 512.
    func pad(_ number: Int) throws {
        if number > 0 { try write([UInt8](repeating: 0, count: number)) }
    }

    /// Appends `length` bytes of `source` from `offset`, within the kernel where that is possible.
    ///
    /// - Parameter sparse: Whether holes stay holes; the position of `source` is moved then.
    /// - Throws: `ExportError.failed` when the source ends early.
    func copy(from source: FileDescriptor, at offset: Int64, length: Int64, subject: String, sparse: Bool) throws {
        try flush()
        var copier = RangeCopier(
            source: source,
            offset: offset,
            length: length,
            subject: subject,
            sparse: sparse && temporary != nil
        )
        if try copier.run(to: descriptor, target: name) {
            guard ftruncate(descriptor.rawValue, off_t(count + length)) == 0 else {
                throw SystemCallError("ftruncate", name)
            }
        }
        count += length
    }

    /// Writes what is still in memory.
    func flush() throws {
        guard !buffer.isEmpty else { return }
        try unsafe buffer.withUnsafeBytes { try unsafe Files.writeAll($0, to: descriptor, name: name) }
        buffer.removeAll(keepingCapacity: true)
    }

    private var name: String { destination?.string ?? "standard output" }

    private static func resolved(_ path: FilePath) throws -> FilePath {
        var path = path
        for _ in 0..<40 {
            guard let status = Files.status(path, following: false), status.st_mode & S_IFMT == S_IFLNK else {
                return path
            }
            let link = try Files.linkTarget(path)
            path = path.removingLastComponent().pushing(link).lexicallyNormalized()
        }
        throw ExportError.destination(path.string, reason: "too many symbolic links")
    }

    private static func create(beside path: FilePath) throws -> (FileDescriptor, FilePath) {
        guard let name = path.lastComponent?.string else {
            throw ExportError.destination(path.string, reason: "it names no file")
        }
        let folder = path.removingLastComponent()
        try Files.makeFolders(folder)
        for number in 0..<10_000 {
            let candidate = folder.appending(".\(name.prefix(200)).reel-\(getpid())-\(number)")
            do {
                return (try Files.open(candidate, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666), candidate)
            } catch  where error.code != EEXIST {
                throw ExportError.destination(path.string, reason: errnoText(error.code))
            } catch {
                continue  // a leftover of another process with this id
            }
        }
        throw ExportError.destination(path.string, reason: "temporary files are in the way")
    }
}
