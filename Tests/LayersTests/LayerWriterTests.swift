// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import OCIModel
import SystemPackage
import Testing

@testable import Layers

@Suite("Layer writer")
struct LayerWriterTests {
    static let empty = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

    /// A layer with every kind of entry that tar can hold.
    static func everything(in store: LayerStore, timestamps: TimestampPolicy = .keep) throws -> ContentDigest {
        let writer = try store.writer(timestamps: timestamps)
        func attributes(_ kind: FileKind, _ mode: UInt16, _ nanoseconds: Int64 = 0) -> FileAttributes {
            FileAttributes(
                kind: kind,
                mode: mode,
                uid: 1000,
                gid: 50,
                modified: Timestamp(nanoseconds: 1_600_000_000_000_000_000 + nanoseconds)
            )
        }
        let long = Array(String(repeating: "n", count: 200).utf8)
        try writer.directory([], attributes(.directory, 0o750))
        try writer.directory("dev")
        var null = attributes(.characterDevice, 0o666)
        null.device = DeviceNumber(major: 1, minor: 3)
        try writer.special(Array("dev/null".utf8), null)
        var disk = attributes(.blockDevice, 0o660)
        disk.device = DeviceNumber(major: 259, minor: 70_000)
        try writer.special(Array("dev/nvme".utf8), disk)
        try writer.special(Array("dev/pipe".utf8), attributes(.fifo, 0o600))
        try writer.directory("empty")
        try writer.file(
            Array("frac".utf8),
            attributes(.regular, 0o644, 500_000_000),
            size: 3,
            content: .bytes([1, 2, 3])
        )
        try writer.hardLink(Array("frac2".utf8), to: Array("frac".utf8))
        var owned = attributes(.regular, 0o600)
        owned.uid = 4_000_000_000
        owned.gid = 2_097_152
        try writer.file(Array("huge-owner".utf8), owned, size: 0, content: .bytes([]))
        try writer.directory("long")
        try writer.symbolicLink(
            Array("long/link".utf8),
            attributes(.symbolicLink, 0o777),
            target: [UInt8](repeating: 0x61, count: 300)
        )
        try writer.directory("long/" + String(repeating: "n", count: 200))
        try writer.file(
            Array("long/".utf8) + long + [47] + long,
            attributes(.regular, 0o644),
            size: 4,
            content: .bytes(Array("deep".utf8))
        )
        try writer.file(
            Array("setuid".utf8),
            attributes(.regular, 0o6755),
            size: 600,
            content: .bytes([UInt8](repeating: 9, count: 600))
        )
        try writer.directory("sticky", mode: 0o1777)
        try writer.symbolicLink("to", "../..//x")
        var tagged = attributes(.regular, 0o755)
        tagged.xattrs = [
            ExtendedAttribute(name: Array("user.b".utf8), value: [0, 10, 255]),
            ExtendedAttribute(
                name: Array("security.capability".utf8),
                value: [1, 0, 0, 2, 0, 4] + [UInt8](repeating: 0, count: 14)
            ),
        ]
        tagged.xattrs.sort { $0.name.lexicographicallyPrecedes($1.name) }
        try writer.file(Array("xattr".utf8), tagged, size: 5, content: .bytes(Array("caps\n".utf8)))
        try writer.hardLink(Array("xattr2".utf8), to: Array("xattr".utf8))
        try writer.file([0x7A, 0xFF, 0xFE], attributes(.regular, 0o644), size: 1, content: .bytes([1]))
        return try writer.finish().diffID
    }

    @Test("The empty layer is 1024 zero bytes")
    func emptyLayer() throws {
        let folder = try TestFolder()
        let layer = try folder.store().writer(timestamps: .default).finish()
        #expect(layer.diffID.description == Self.empty)
        #expect(layer.size == 1024 && layer.isEmpty)
    }

    @Test("GNU tar unpacks exactly what the view shows")
    func gnuTar() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try Self.everything(in: store)
        let view = try Description.of(try store.view(Snapshot(layers: [diffID])))
        #expect(try Description.ofUnpacked(store.blobs.path(diffID), in: folder) == view)
    }

    @Test("Python's tarfile lists the entries in byte order, without names of owners, and finds the end")
    func python() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let tar = store.blobs.path(try Self.everything(in: store))
        let script = """
            import tarfile,sys
            t=tarfile.open('\(tar)',errors='surrogateescape')
            n=[m.name.encode('utf-8','surrogateescape') for m in t][1:]
            assert n==sorted(n), n
            assert all(m.uname=='' and m.gname=='' for m in t)
            assert not any(k in ('atime','ctime') for m in t for k in m.pax_headers)
            b=open('\(tar)','rb').read()
            assert len(b)%512==0 and b[-1024:]==bytes(1024) and b[-1536:-1024]!=bytes(512)
            m=t.getmember('frac'); assert m.pax_headers=={'mtime':'1600000000.5'}, m.pax_headers
            m=t.getmember('huge-owner'); assert m.pax_headers=={'gid':'2097152','uid':'4000000000'}, m.pax_headers
            m=t.getmember('setuid'); assert m.pax_headers=={} and m.mode==0o6755 and m.size==600
            m=t.getmember('dev/nvme'); assert (m.devmajor,m.devminor)==(259,70000)
            m=t.getmember('xattr2'); assert m.islnk() and m.linkname=='xattr' and len(m.pax_headers)==2
            print(len(n))
            """
        try folder.write("check.py", Array(script.utf8))
        #expect(try Shell.run("python3 \(folder["check.py"])") == "18\n")
    }

    @Test("The same calls give the same DiffID, with times clamped or kept")
    func determinism() throws {
        let folder = try TestFolder()
        let kept = try Self.everything(in: try folder.store("a"))
        #expect(try Self.everything(in: try folder.store("b")) == kept)
        let clamped = try Self.everything(in: try folder.store("c"), timestamps: .default)
        #expect(clamped != kept)
        let store = try folder.store("c")
        let view = try store.view(Snapshot(layers: [clamped]))
        #expect(try view.entry(at: Array("frac".utf8))?.attributes.modified == Timestamp(seconds: 315_532_800))
        #expect(try view.entry(at: Array("dev".utf8))?.attributes.modified == Timestamp(seconds: 0))
    }

    /// A path of about `length` bytes whose names have `pitch` bytes.
    private static func path(_ length: Int, pitch: Int) -> [String] {
        var parts: [String] = []
        var left = length
        while left > 0 {
            let part = min(left, pitch)
            parts.append(String(repeating: "p", count: part))
            left -= part + 1
        }
        return parts
    }

    @Test("Paths of every length survive")
    func pathLengths() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var expected = ""
        var tars: [String] = []
        for length in [1, 99, 100, 101, 154, 155, 156, 254, 255, 256, 257, 258, 600, 4096] {
            for pitch in [1, 60, 100, 255] {
                let parts = Self.path(length, pitch: pitch)
                let path = parts.joined(separator: "/")
                let diffID = try store.layer { writer in
                    for depth in parts.indices.dropLast() {
                        try writer.directory(parts[...depth].joined(separator: "/"))
                    }
                    try writer.file(path, "x")
                }
                expected += path + "\n"
                tars.append(store.blobs.path(diffID).string)
                try store.removeCaches(of: diffID)
                #expect(try store.view(Snapshot(layers: [diffID])).entry(at: Array(path.utf8))?.size == 1)
            }
        }
        let script = "import sys,tarfile\nfor t in sys.argv[1:]: print(max(tarfile.open(t).getnames(), key=len))\n"
        try folder.write("longest.py", Array(script.utf8))
        #expect(try Shell.run("python3 \(folder["longest.py"]) \(tars.joined(separator: " "))") == expected)
    }

    @Test("Entries out of order, without parents, or that no layer can hold are refused by name")
    func refusals() throws {
        let folder = try TestFolder()
        let writer = try folder.store().writer(timestamps: .keep)
        try writer.directory("b")
        try writer.file("b/f", "x")
        let file = FileAttributes(kind: .regular, mode: 0o644)
        var trusted = file
        trusted.xattrs = [ExtendedAttribute(name: Array("trusted.overlay.redirect".utf8), value: [1])]
        var unknown = file
        unknown.xattrs = [ExtendedAttribute(name: Array("odd.name".utf8), value: [1])]
        let before = writer.size
        #expect(throws: LayerError.outOfOrder(path: "a", after: "b/f")) { try writer.file("a", "") }
        #expect(throws: LayerError.outOfOrder(path: "b/f", after: "b/f")) { try writer.file("b/f", "") }
        #expect(throws: LayerError.parentMissing(path: "c/d")) { try writer.file("c/d", "") }
        #expect(throws: LayerError.parentMissing(path: "b/f/g")) { try writer.file("b/f/g", "") }
        #expect(throws: LayerError.outOfOrder(path: "b/.wh.a", after: "b/f")) { try writer.whiteout(Array("b/a".utf8)) }
        for path in [
            "/x", "x/", "x//y", ".", "x/../y", "..", ".wh.x", "z/.wh..wh..opq", String(repeating: "n", count: 256),
        ] {
            #expect(throws: LayerError.self, "\(path)") { try writer.file(path, "") }
        }
        for bad in [trusted, unknown] {
            #expect(throws: LayerError.self) { try writer.file([120], bad, size: 0, content: .bytes([])) }
        }
        #expect(throws: LayerError.self) { try writer.hardLink([120], to: [121]) }
        #expect(throws: LayerError.self) { try writer.hardLink([120], to: [98]) }
        #expect(throws: LayerError.self) { try writer.symbolicLink("x", "") }
        #expect(throws: LayerError.self) { try writer.special([120], FileAttributes(kind: .characterDevice, mode: 0)) }
        #expect(writer.size == before, "nothing of what was refused is left")
        try writer.file("x", "fine")
        #expect(try writer.finish().entries == 3)
    }

    @Test("A file that changes while it is read is refused, and can be given again", arguments: [100, 3 << 20])
    func changingFile(_ size: Int) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let path = try folder.write("source", [UInt8](repeating: 65, count: size))
        let file = try FileDescriptor.open(path, .readOnly)
        defer { try? file.close() }
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        let expected = try store.layer { writer in
            try writer.file([102], attributes, size: Int64(size), content: .descriptor(file))
        }
        let writer = try store.writer(timestamps: .keep)
        for wrong in [size - 1, size + 1, 0, size * 2] {
            let error = #expect(throws: LayerError.self) {
                try writer.file([102], attributes, size: Int64(wrong), content: .descriptor(file))
            }
            guard case .contentLength = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        let digest = try writer.file([102], attributes, size: Int64(size), content: .descriptor(file), hashing: true)
        #expect(digest == ContentDigest(of: [UInt8](repeating: 65, count: size)))
        #expect(try writer.finish().diffID == expected)
    }

    @Test("Contents from memory, chunks, files and other layers are the same contents")
    func contentForms() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let file = try FileDescriptor.open(try folder.write("source", bytes), .readOnly)
        defer { try? file.close() }
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        func layer(_ content: FileContent) throws -> ContentDigest {
            try store.layer { try $0.file([102], attributes, size: Int64(bytes.count), content: content) }
        }
        let expected = try layer(.bytes(bytes))
        #expect(try layer(.descriptor(file)) == expected)
        var chunks = stride(from: 0, to: bytes.count, by: 70_001).map {
            Array(bytes[$0..<min($0 + 70_001, bytes.count)])
        }
        #expect(try layer(.chunks { chunks.isEmpty ? nil : chunks.removeFirst() }) == expected)
        let view = try store.view(Snapshot(layers: [expected]))
        let entry = try #require(try view.entry(at: [102]))
        #expect(try layer(.entry(entry, view)) == expected)
    }

    @Test("Whiteouts and opaque marks come at their places in the byte order")
    func whiteouts() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try store.layer { writer in
            try writer.directory("d")
            try writer.whiteout(Array("d/z".utf8))
            try writer.whiteout(Array("d/b".utf8))
            try writer.opaque(Array("d".utf8))
            try writer.whiteout(Array("d/b".utf8))
            try writer.file("d/+", "")
            try writer.file("d/.z", "")
            try writer.file("d/a", "")
        }
        let names = try Shell.run("tar tf \(store.blobs.path(diffID))")
        #expect(names == "d/\nd/+\nd/.wh..wh..opq\nd/.wh.b\nd/.wh.z\nd/.z\nd/a\n")
        let bare = try store.bareView(diffID)
        let directory = try #require(try bare.entry(at: [100]))
        #expect(directory.isOpaque)
        #expect(
            try bare.children(of: directory).map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.kind)" }
                == ["+ regular", ".z regular", "a regular", "b whiteout", "z whiteout"]
        )
    }
}
