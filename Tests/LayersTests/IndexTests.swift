// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import OCIModel
import SystemPackage
import Testing

@testable import Layers

@Suite("Layer index")
struct IndexTests {
    @Test("The kernel shows every kind of entry as the view does, and as the oracle's index does")
    func everyKind() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try LayerWriterTests.everything(in: store)
        let snapshot = Snapshot(layers: [diffID])
        let seen = try Description.of(try store.view(snapshot))
        let unit = try store.mountPlan(for: snapshot)[0]
        #expect(try Description.ofMount(unit) == seen)
        #expect(try Description.ofOracle([store.blobs.path(diffID)], in: folder) == seen)
    }

    @Test("Directories of every size, names of every length, and names before the dot")
    func directories() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try store.layer { writer in
            for (count, name) in [(0, "a"), (1, "b"), (37, "c"), (38, "d"), (1000, "e")] {
                try writer.directory(name)
                var names = (0..<count).map { "\($0)" }
                if name == "e" {
                    names += ["!", "+", "-", "--", "..a", ".a", "...", "/".replacing("/", with: "~")]
                    names += (1...255).map { String(repeating: "z", count: $0) }
                }
                for file in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                    try writer.file("\(name)/\(file)", file)
                }
            }
        }
        let view = try store.view(Snapshot(layers: [diffID]))
        let seen = try Description.of(view)
        #expect(try Description.ofMount(try store.mountPlan(for: view.snapshot)[0]) == seen)
        for name in ["e/0", "e/999", "e/!", "e/...", "e/..a", "e/" + String(repeating: "z", count: 255), "d/37"] {
            #expect(try view.entry(at: Array(name.utf8)) != nil, "\(name)")
        }
        for name in ["e/1000", "e/ ", "e/zzz~", "a/x", "e/.b", "c/37", "d/0/x"] {
            #expect(try view.entry(at: Array(name.utf8)) == nil, "\(name)")
        }
    }

    @Test("Link targets and attributes of every length, around the ends of blocks")
    func lengths() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let lengths =
            Array(1...80) + [400, 415, 416, 417, 447, 448, 449, 479, 480, 511, 512, 513, 1024, 2000, 4094, 4095]
        let diffID = try store.layer { writer in
            for (index, length) in lengths.enumerated() {
                var attributes = FileAttributes(kind: .symbolicLink, mode: 0o777)
                attributes.xattrs = [
                    ExtendedAttribute(
                        name: Array("trusted.t".utf8),
                        value: [UInt8](repeating: 7, count: length % 67)
                    )
                ]
                try writer.symbolicLink(
                    Array("l\(1000 + index)".utf8),
                    attributes,
                    target: [UInt8](repeating: 0x74, count: length)
                )
            }
            var attributes = FileAttributes(kind: .regular, mode: 0o600)
            attributes.xattrs = (0..<12).map {
                ExtendedAttribute(name: Array("user.\($0)".utf8), value: [UInt8](repeating: 1, count: $0 * 300))
            }
            attributes.xattrs.sort { $0.name.lexicographicallyPrecedes($1.name) }
            try writer.file([0x78], attributes, size: 5, content: .bytes([1, 2, 3, 4, 5]))
        }
        let view = try store.view(Snapshot(layers: [diffID]))
        let seen = try Description.of(view)
        // The oracle knows no targets longer than a block; GNU tar and the kernel judge.
        #expect(try Description.ofMount(try store.mountPlan(for: view.snapshot)[0]) == seen)
        let unpacked = try Description.ofUnpacked(store.blobs.path(diffID), in: folder).split(separator: "\n")
        // The last file has more attributes than ext4 takes.
        #expect(unpacked.dropFirst().dropLast() == seen.split(separator: "\n").dropFirst().dropLast())
    }

    @Test("Access control lists are kept")
    func accessLists() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        try Shell.run(
            """
            mkdir \(folder["t"]); cd \(folder["t"]); echo x > f; mkdir d
            setfacl -m u:1234:r f; setfacl -d -m g:77:rx d; tar -cf ../t.tar --xattrs --xattrs-include='*' .
            """
        )
        let file = try FileDescriptor.open(folder["t.tar"], .readOnly)
        defer { try? file.close() }
        let snapshot = Snapshot(layers: [try store.importLayer(from: file).diffID])
        let view = try store.view(snapshot)
        let entry = try #require(try view.entry(at: [0x66]))
        #expect(entry.attributes.xattrs.map { String(decoding: $0.name, as: UTF8.self) } == ["system.posix_acl_access"])
        #expect(try Description.ofMount(try store.mountPlan(for: snapshot)[0]) == Description.of(view))
    }

    @Test("A damaged, cut, foreign or missing index is made again, and the same as before")
    func damage() throws {
        let folder = try TestFolder()
        let diffID = try LayerWriterTests.everything(in: try folder.store())
        let index = folder["root"].appending("layers/\(diffID.hex).erofs")
        let original = try #require(try PositionedIO.contents(of: index, limit: 1 << 20))
        let seen = try Description.of(try folder.store().view(Snapshot(layers: [diffID])))
        var random = UInt64(7)
        for round in 0..<120 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let place = round < original.count / 64 ? round * 64 : Int(random >> 33) % original.count
            switch round % 4 {
            case 0: try Shell.run("truncate -s \(place) \(index)")
            case 1 where round == 1: _ = unsafe unlink(index.string)
            default:
                let file = try FileDescriptor.open(index, .readWrite)
                try file.writeAll(toAbsoluteOffset: Int64(place), [original[place] ^ UInt8(1 << (round % 8))])
                try file.close()
            }
            let store = try folder.store()
            #expect(try Description.of(try store.view(Snapshot(layers: [diffID]))) == seen)
            #expect(try PositionedIO.contents(of: index, limit: 1 << 20) == original)
        }
        let other = try folder.store().layer { try $0.file("other", "x") }
        try Shell.run("cp \(folder["root"])/layers/\(other.hex).erofs \(index)")
        #expect(try Description.of(try folder.store().view(Snapshot(layers: [diffID]))) == seen)
    }

    /// The checksum made right again, so that the reader meets the damage itself.
    @Test("An index that lies about itself is an error and never a crash")
    func lies() throws {
        let folder = try TestFolder()
        let diffID = try LayerWriterTests.everything(in: try folder.store())
        let index = folder["root"].appending("layers/\(diffID.hex).erofs")
        let original = try #require(try PositionedIO.contents(of: index, limit: 1 << 20))
        var random = UInt64(99)
        var errors = 0
        let store = try folder.store()
        for _ in 0..<800 {
            var bytes = original
            for _ in 0..<4 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[1032 + Int(random >> 33) % (bytes.count - 1032)] = UInt8(truncatingIfNeeded: random >> 17)
            }
            bytes.replaceSubrange(64..<96, with: [UInt8](repeating: 0, count: 32))
            bytes.replaceSubrange(64..<96, with: ContentDigest(of: bytes).bytes)
            try folder.write("root/layers/\(diffID.hex).erofs", bytes)
            let size = try #require(store.blobs.size(diffID))
            guard let damaged = LayerIndex(index, name: diffID, tarSizes: [size]) else { continue }
            let layer = OpenLayer(diffID, index: damaged, blobs: store.blobs, sumsPath: folder["none"])
            let view = LayerView(snapshot: Snapshot(layers: [diffID]), layers: [layer], isBare: false)
            var visited = 0
            do {
                try view.walk(from: try view.root) { entry in
                    visited += 1
                    return visited > 1000 || entry.path.count > 4096 ? .stop : .descend
                }
                _ = try view.entry(at: Array("long/link/x".utf8), following: .all)
            } catch is LayerError { errors += 1 }
        }
        #expect(errors > 100)
    }

    @Test("A tar that is damaged in the store is named when its index is to be made again")
    func damagedTar() throws {
        let folder = try TestFolder()
        let diffID = try LayerWriterTests.everything(in: try folder.store())
        let store = try folder.store()
        let file = try FileDescriptor.open(store.blobs.path(diffID), .readWrite)
        try file.writeAll(toAbsoluteOffset: 512, [UInt8](repeating: 1, count: 20))
        try file.close()
        try store.removeCaches(of: diffID)
        let error = #expect(throws: BlobError.self) { try store.view(Snapshot(layers: [diffID])) }
        #expect(error?.kind == .corrupt)
        try store.blobs.remove(diffID)
        #expect(throws: BlobError.missing(diffID)) { try store.view(Snapshot(layers: [diffID])) }
    }
}
