// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import SystemPackage
import Testing

@testable import Layers

@Suite("Blob store")
struct BlobStoreTests {
    private static func blocks(_ path: FilePath) -> Int {
        var info = stat()
        _ = unsafe stat(path.string, &info)
        return Int(info.st_blocks)
    }

    @Test("What was put in comes out, under the digest that sha256sum finds")
    func roundTrip() throws {
        let folder = try TestFolder()
        let store = try BlobStore(root: folder["root"])
        let bytes = Array("hello\n".utf8)
        let digest = try store.put(bytes)
        #expect(try Shell.run("sha256sum < \(store.path(digest))").hasPrefix(digest.hex))
        #expect(try store.read(digest) == bytes)
        #expect(store.size(digest) == 6)
        #expect(try store.put(bytes) == digest)
        #expect(try store.all().map(\.digest) == [digest])
        #expect(try store.verify(digest) == .intact)
        try store.flush()
        try store.remove(digest)
        try store.remove(digest)
        #expect(!store.contains(digest))
        #expect(throws: BlobError.missing(digest)) { try store.read(digest) }
        #expect(throws: BlobError.missing(digest)) { try store.open(digest) }
        #expect(try store.verify(digest) == .missing)
        #expect(BlobError.missing(digest).kind == .missing)
    }

    @Test("The root is an OCI image layout that skopeo can list")
    func layout() throws {
        let folder = try TestFolder()
        _ = try BlobStore(root: folder["root"])
        let text = try Shell.run("cat \(folder["root"])/oci-layout; cat \(folder["root"])/index.json")
        #expect(text.contains(#""imageLayoutVersion":"1.0.0""#) && text.contains(#""manifests":[]"#))
    }

    @Test("A flipped byte anywhere in a blob is found", arguments: [0, 1, 4095, 4096, 99_999])
    func flipped(at position: Int) throws {
        let folder = try TestFolder()
        let store = try BlobStore(root: folder["root"])
        let digest = try store.put([UInt8](repeating: 7, count: 100_000))
        let file = try FileDescriptor.open(store.path(digest), .readWrite)
        try file.writeAll(toAbsoluteOffset: Int64(position), [8])
        try file.close()
        #expect(throws: BlobError.self) { try store.read(digest) }
        guard case .corrupt = try store.verify(digest) else {
            Issue.record("not found")
            return
        }
    }

    @Test("A torn blob is replaced when its bytes are stored again")
    func torn() throws {
        let folder = try TestFolder()
        let store = try BlobStore(root: folder["root"])
        let digest = try store.put(Array("whole".utf8))
        try Shell.run("truncate -s 2 \(store.path(digest))")
        #expect(throws: BlobError.self) { try store.read(digest) }
        #expect(try store.put(Array("whole".utf8)) == digest)
        #expect(try store.read(digest) == Array("whole".utf8))
    }

    @Test("A writer hashes what it writes, whatever the pieces, and keeps zeros as holes")
    func writer() throws {
        let folder = try TestFolder()
        let store = try BlobStore(root: folder["root"])
        var whole: [UInt8] = []
        let writer = try store.writer()
        for size in [0, 1, 511, 4096, 5000, 1 << 20, (3 << 20) + 17] {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) }
            try writer.write(piece)
            try writer.writeZeros(Int64(size))
            try writer.write([UInt8](repeating: 0, count: size))
            whole += piece + [UInt8](repeating: 0, count: 2 * size)
            #expect(writer.count == Int64(whole.count))
        }
        #expect(writer.digest() == ContentDigest(of: whole))
        let (digest, size) = try writer.finish()
        #expect(digest == ContentDigest(of: whole) && size == Int64(whole.count))
        #expect(try store.read(digest) == whole)
        #expect(Self.blocks(store.path(digest)) * 512 < whole.count / 2)
    }

    @Test(
        "A writer goes back to a mark, wherever the buffer was",
        arguments: [0, 100, 1 << 19, (1 << 20) - 1, 3 << 20]
    )
    func rollBack(after before: Int) throws {
        let folder = try TestFolder()
        let store = try BlobStore(root: folder["root"])
        for room in [10, 1 << 19, 5 << 20] {
            let writer = try store.writer()
            let kept = [UInt8](repeating: 1, count: before)
            try writer.write(kept)
            let mark = try writer.mark(room: Int64(room))
            try writer.write([UInt8](repeating: 2, count: room))
            try writer.rollBack(to: mark)
            try writer.writeZeros(100_000)
            try writer.write([3])
            let expected = kept + [UInt8](repeating: 0, count: 100_000) + [3]
            let digest = try writer.finish().digest
            #expect(digest == ContentDigest(of: expected))
            #expect(try store.verify(digest) == .intact)
            try store.remove(digest)
        }
    }

    @Test("An abandoned writer, and a dead process, leave nothing")
    func abandoned() throws {
        let folder = try TestFolder()
        do {
            let store = try BlobStore(root: folder["root"])
            _ = try store.writer().write([1, 2, 3])
            #expect(try store.all().isEmpty)
            #expect(try Shell.run("ls \(store.scratch.path)") == "lock\n")
        }
        #expect(try Shell.run("ls \(folder["root"])/tmp") == "")
        try Shell.run("mkdir -p \(folder["root"])/tmp/reel-dead/deep; touch \(folder["root"])/tmp/reel-dead/deep/x")
        let store = try BlobStore(root: folder["root"])
        let other = try BlobStore(root: folder["root"])
        let left = try Shell.run("ls \(folder["root"])/tmp")
        #expect(!left.contains("dead"))
        #expect(left.split(separator: "\n").count == 2, "two stores are in use: \(left)")
        withExtendedLifetime((store, other)) {}
    }

    @Test("A full disk is one sentence, and the next blob fits again")
    func fullDisk() throws {
        guard geteuid() == 0 else { return }
        let folder = try TestFolder()
        try Shell.run("mkdir \(folder["disk"]); mount -t tmpfs -o size=4m none \(folder["disk"])")
        defer { _ = try? Shell.run("umount \(folder["disk"])") }
        do {
            let store = try LayerStore(root: folder["disk"].appending("root"))
            let writer = try store.writer(timestamps: .keep)
            #expect(throws: SystemCallError.self) {
                try writer.file(
                    Array("big".utf8),
                    FileAttributes(kind: .regular, mode: 0o644),
                    size: 8 << 20,
                    content: .bytes([UInt8](repeating: 1, count: 8 << 20))
                )
            }
        }
        let store = try BlobStore(root: folder["disk"].appending("root"))
        #expect(try store.verify(try store.put([UInt8](repeating: 5, count: 1 << 20))) == .intact)
    }

    @Test("A lock lets one in at a time, and dies with its holder")
    func lock() throws {
        let folder = try TestFolder()
        let path = folder["lock"]
        var first: FileLock? = try FileLock(waitingFor: path)
        #expect(try FileLock(tryingAt: path) == nil)
        withExtendedLifetime(first) {}
        first = nil
        #expect(try FileLock(tryingAt: path) != nil)
    }
}
