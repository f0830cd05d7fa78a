// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import OCIModel
import SystemPackage
import Testing

@testable import Layers

@Suite("Speed and size", .serialized)
struct SpeedTests {
    /// Processor time of this process, which other work on the machine disturbs less than the clock's.
    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = clock()
        try body()
        return Double(clock() - start) / 1e6
    }

    private static func pad(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: 6 - text.count) + text
    }

    /// Generous for slow machines; what is printed is what counts.
    @Test("20,000 files of 80 MB become a layer, and are looked up, in well under a second")
    func twentyThousand() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        // 500 files, each of them 40 times: making 20,000 would take longer than all the rest.
        try Shell.run("mkdir \(folder["files"])")
        var names: [(path: [UInt8], file: FilePath)] = []
        for index in 0..<20_000 {
            let file = "files/\(index % 500)"
            names.append((Array("d\(Self.pad(index / 200))/f\(Self.pad(index % 200))".utf8), folder[file]))
            if index < 500 {
                var seed = UInt64(index + 1)
                let bytes = (0..<512).flatMap { _ -> [UInt8] in
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return (0..<8).map { UInt8(truncatingIfNeeded: seed >> UInt64($0 * 8)) }
                }
                try folder.write(file, bytes)
            }
        }
        var layer: CommittedLayer?
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        let writing = try Self.seconds {
            let writer = try store.writer(timestamps: .default)
            var last = ""
            for (path, file) in names {
                let directory = String(decoding: path.prefix(7), as: UTF8.self)
                if directory != last { try writer.directory(directory) }
                last = directory
                let open = try FileDescriptor.open(file, .readOnly)
                try writer.file(path, attributes, size: 4096, content: .descriptor(open))
                try open.close()
            }
            layer = try writer.finish()
        }
        let diffID = try #require(layer?.diffID)
        try store.removeCaches(of: diffID)
        let indexing = try Self.seconds { _ = try store.view(Snapshot(layers: [diffID])) }
        let view = try store.view(Snapshot(layers: [diffID]))
        var found = 0
        let lookups = try Self.seconds {
            for (path, _) in names where try view.entry(at: path)?.size == 4096 { found += 1 }
        }
        #expect(found == names.count)
        let digests = try Self.seconds { _ = try view.treeDigest(of: try view.root) }
        let again = try Self.seconds { _ = try view.treeDigest(of: try view.root) }
        print(
            "layer \(writing) s, index \(indexing) s, lookup \(lookups / 20_000 * 1e6) µs, digests \(digests) s, again \(again) s"
        )
        #expect(writing < 3)
        #expect(indexing < 1)
        #expect(lookups < 2)
    }

    /// The most memory that this process ever had, in bytes.
    private static func peak() -> Int {
        var usage = rusage()
        unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) * 1024
    }

    @Test(
        "A layer of 100,000 files, and a tar of a million entries, cost time and memory in proportion",
        arguments: [100_000, 1_000_000]
    )
    func manyEntries(_ count: Int) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        let before = Self.peak()
        var diffID: ContentDigest?
        let writing = try Self.seconds {
            let writer = try store.writer(timestamps: .default)
            for index in 0..<count {
                if index % 1000 == 0 { try writer.directory("d\(Self.pad(index / 1000))") }
                let name = Array("d\(Self.pad(index / 1000))/f\(Self.pad(index))".utf8)
                try writer.file(name, attributes, size: 0, content: .bytes([]))
            }
            diffID = try writer.finish().diffID
        }
        let made = try #require(diffID)
        let file = try store.blobs.open(made)
        defer { try? file.close() }
        let other = try folder.store("other")
        var entries = 0
        let importing = try Self.seconds {
            entries = try other.importLayer(from: file, expecting: made).entries
        }
        #expect(entries == count + count / 1000)
        var seen = 0
        let walking = try Self.seconds {
            let view = try other.view(Snapshot(layers: [made]))
            try view.walk(from: try view.root) { _ in
                seen += 1
                return .descend
            }
        }
        #expect(seen == entries + 1)
        let memory = Self.peak() - before
        print("layer \(count): write \(writing) s, import \(importing) s, walk \(walking) s, memory \(memory >> 20) MB")
        #expect(memory < count * 1000)
    }

    @Test("A sparse file of 4 GB keeps its holes in the blob and compresses to little")
    func sparse() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        try Shell.run(
            "truncate -s 4G \(folder["sparse"]); echo end >> \(folder["sparse"]); echo start | dd of=\(folder["sparse"]) conv=notrunc 2>/dev/null"
        )
        let file = try FileDescriptor.open(folder["sparse"], .readOnly)
        defer { try? file.close() }
        let size = Int64(4 << 30) + 4
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        var diffID: ContentDigest?
        let writing = try Self.seconds {
            diffID = try store.layer { try $0.file([0x66], attributes, size: size, content: .descriptor(file)) }
        }
        let layer = try #require(diffID)
        let blocks = "stat -c %b \(store.blobs.path(layer))"
        #expect(try #require(Int(Shell.run(blocks).filter(\.isNumber))) < 1000)
        let view = try store.view(Snapshot(layers: [layer]))
        let entry = try #require(try view.entry(at: [0x66]))
        #expect(entry.size == size)
        let edges = try view.withContent(of: entry) { tar, offset in
            var bytes = [UInt8](repeating: 1, count: 5)
            _ = try unsafe bytes.withUnsafeMutableBytes {
                try unsafe tar.read(fromAbsoluteOffset: offset + size - 5, into: $0)
            }
            return bytes
        }
        #expect(edges == [0] + Array("end\n".utf8))
        var made: Descriptor?
        let compressing = try Self.seconds { made = try store.compressed(layer, as: .gzip) }
        let blob = try #require(made)
        #expect(blob.size < 8 << 20)
        print("layer of 4 GB of holes: write \(writing) s, gzip \(compressing) s")
    }
}
