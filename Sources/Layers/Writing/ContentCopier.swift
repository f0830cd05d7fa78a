// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import SystemPackage

/// Copies the contents of one file into a blob and, if asked, hashes them alone.
struct ContentCopier: ~Copyable {
    private let out: BlobWriter
    private let path: [UInt8]
    private let size: Int64
    private var hasher: SHA256Hasher?
    private var done: Int64 = 0

    /// Files of this size on are searched for holes.
    private static let sparseFrom: Int64 = 1 << 20

    init(to out: BlobWriter, path: [UInt8], size: Int64, hashing: Bool) {
        self.out = out
        self.path = path
        self.size = size
        hasher = hashing ? SHA256Hasher() : nil
    }

    /// Copies exactly `size` bytes.
    ///
    /// - Returns: Their digest, if it was asked for.
    /// - Throws: `LayerError.contentLength` when there are more or fewer; what was written then stays written.
    consuming func copy(_ content: FileContent) throws -> ContentDigest? {
        switch content {
        case .bytes(let bytes):
            try append(bytes)
        case .descriptor(let file, let offset):
            try copy(file, from: offset, mustEnd: offset == 0)
        case .entry(let entry, let view):
            if entry.size != size { throw length(entry.size) }
            if size > 0 {
                let extent = try view.contentPlace(of: entry)
                try copy(extent.tar, from: extent.offset, mustEnd: false)
            }
        case .chunks(let next):
            while let chunk = try next() { try append(chunk) }
        }
        guard done == size else { throw length(done) }
        return hasher?.digest()
    }

    private func length(_ actual: Int64) -> LayerError {
        .contentLength(path: String(decoding: path, as: UTF8.self), expected: size, actual: actual)
    }

    private mutating func append(_ bytes: [UInt8]) throws {
        guard Int64(bytes.count) <= size - done else { throw length(done + Int64(bytes.count)) }
        try out.write(bytes)
        hasher?.update(bytes)
        done += Int64(bytes.count)
    }

    private mutating func copy(_ file: FileDescriptor, from offset: Int64, mustEnd: Bool) throws {
        let isSearched = size >= Self.sparseFrom
        var hole: Int64 = isSearched ? 0 : .max
        let end = isSearched ? try PositionedIO.length(of: file, subject: String(decoding: path, as: UTF8.self)) : 0
        var hasEnded = false
        while done < size {
            if offset + done >= hole {
                guard offset + done < end else { throw length(done) }
                let data = min(PositionedIO.nextData(file, from: offset + done) ?? end, offset + size)
                try appendZeros(data - offset - done)
                hole = PositionedIO.nextHole(file, from: data) ?? .max
                if hole <= data { hole = .max }
                continue
            }
            let limit = min(size - done, hole - offset - done)
            let before = done
            hasEnded = try read(file, at: offset + done, limit: limit, further: mustEnd && limit == size - done)
            guard done > before else { throw length(done) }
        }
        if mustEnd && !hasEnded { try expectEnd(file, at: offset + size) }
    }

    /// Appends at most `limit` bytes of the file; with `further` it asks for one byte more, which must not be there.
    ///
    /// - Returns: Whether the file gave fewer bytes than it was asked for, which is its end.
    private mutating func read(_ file: FileDescriptor, at offset: Int64, limit: Int64, further: Bool) throws -> Bool {
        var got = 0
        var asked = 0
        let count = try unsafe out.fill(limit: limit + (further ? 1 : 0)) { room in
            asked = room.count
            got = try unsafe PositionedIO.readOnce(file, into: room, at: offset, subject: path)
            let kept = min(got, Int(min(limit, Int64(room.count))))
            if kept > 0 { unsafe hasher?.update(UnsafeRawBufferPointer(rebasing: room[..<kept])) }
            return kept
        }
        guard got == count else { throw length(done + Int64(got)) }
        done += Int64(count)
        return got < asked
    }

    private func expectEnd(_ file: FileDescriptor, at offset: Int64) throws {
        var byte: UInt8 = 0
        let more = try unsafe withUnsafeMutableBytes(of: &byte) {
            try unsafe PositionedIO.readOnce(file, into: $0, at: offset, subject: path)
        }
        if more > 0 { throw length(size + 1) }
    }

    private mutating func appendZeros(_ count: Int64) throws {
        try out.writeZeros(count)
        if var own = hasher.take() {
            BlobWriter.hashZeros(count, into: &own)
            hasher = consume own
        }
        done += count
    }
}
