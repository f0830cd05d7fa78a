// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Odd but legal tars")
struct OddTarTests {
    /// A tar, and the paths that the layer must show, directories with a slash.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let make: @Sendable (inout RawTar) -> Void
        let shows: [String]
        /// GNU tar agrees about the tree.
        var isCheckedWithTar = true
    }

    static let long = String(repeating: "l", count: 150)

    static let cases: [Case] = [
        Case(
            testDescription: "no parent entries",
            make: { $0.add("a/b/c", content: "x") },
            shows: ["a/", "a/b/", "a/b/c"],
            isCheckedWithTar: false
        ),
        Case(
            testDescription: "leading ./ and a root entry",
            make: {
                $0.add("./", type: "5")
                $0.add("./d", type: "5")
                $0.add("./d/./e//f", content: "x")
            },
            shows: ["d/", "d/e/", "d/e/f"],
            isCheckedWithTar: false
        ),
        Case(testDescription: "absolute paths become relative", make: { $0.add("/a", content: "x") }, shows: ["a"]),
        Case(
            testDescription: "the last of several entries wins",
            make: {
                $0.add("a", content: "old")
                $0.add("a", content: "newer")
                $0.add("b", type: "5")
                $0.add("b/kept", content: "x")
                $0.add("b", type: "5")
            },
            shows: ["a", "b/", "b/kept"]
        ),
        Case(
            testDescription: "a directory becomes a file, and a file a directory",
            make: {
                $0.add("a", type: "5")
                $0.add("a/gone", content: "x")
                $0.add("a", content: "file")
                $0.add("b", content: "file")
                $0.add("b/c", content: "x")
            },
            shows: ["a", "b/", "b/c"],
            isCheckedWithTar: false
        ),
        Case(
            testDescription: "old-style directories and regular files",
            make: {
                $0.add(Array("old/".utf8), type: "\0", magic: .none)
                $0.add(Array("old/file".utf8), type: "\0", magic: .none, content: [1])
                $0.add(Array("contiguous".utf8), type: "7", content: [2])
            },
            shows: ["contiguous", "old/", "old/file"]
        ),
        Case(
            testDescription: "the ustar prefix",
            make: { $0.add(Array("f".utf8), prefix: Array("p/q".utf8), content: [1]) },
            shows: ["p/", "p/q/", "p/q/f"],
            isCheckedWithTar: false
        ),
        Case(
            testDescription: "GNU long names and links",
            make: {
                $0.add(Array("././@LongLink".utf8), type: "L", magic: .gnu, content: Array("\(long)/\(long)\0".utf8))
                $0.add(Array(long.utf8), magic: .gnu, content: [1])
                $0.add(Array("././@LongLink".utf8), type: "K", magic: .gnu, content: Array("\(long)\0".utf8))
                $0.add(Array("link".utf8), type: "2", link: Array(long.utf8), magic: .gnu)
            },
            shows: ["link", "\(long)/", "\(long)/\(long)"],
            isCheckedWithTar: false
        ),
        Case(
            testDescription: "GNU numbers in base 256",
            make: {
                let big: [UInt8] = [0x80, 0, 0, 0, 0xEE, 0x6B, 0x28, 0]
                let time: [UInt8] = [0xFF] + [UInt8](repeating: 0xFF, count: 10) + [0xF0]
                $0.add(Array("f".utf8), uid: big, gid: big, time: time, magic: .gnu, content: [1])
            },
            shows: ["f"]
        ),
        Case(
            testDescription: "pax records over headers, globals under both",
            make: {
                $0.pax([("mtime", Array("7".utf8)), ("uid", Array("5".utf8)), ("comment", [255])], type: "g")
                $0.pax([
                    ("path", Array("renamed".utf8)), ("mtime", Array("1.25".utf8)),
                    ("SCHILY.xattr.user.a", [1, 10, 2]),
                ])
                $0.add("short", content: "x")
                $0.add("second", content: "y")
            },
            shows: ["renamed", "second"]
        ),
        Case(
            testDescription: "a volume label is no file",
            make: {
                $0.add("label", type: "V")
                $0.add("f", content: "x")
            },
            shows: ["f"]
        ),
        Case(
            testDescription: "hard links to files and to symbolic links",
            make: {
                $0.add("f", content: "x")
                $0.add("s", type: "2", link: "f")
                $0.add("h", type: "1", link: "./f")
                $0.add("i", type: "1", link: "s")
            },
            shows: ["f", "h", "i", "s"]
        ),
        Case(
            testDescription: "members below a symbolic link of the layer go where it points",
            make: {
                $0.add("real", type: "5")
                $0.add("link", type: "2", link: "/real")
                $0.add("link/f", content: "x")
            },
            shows: ["link", "real/", "real/f"],
            isCheckedWithTar: false
        ),
        Case(
            testDescription: "a symbolic link that climbs out of the root stays inside",
            make: {
                $0.add("up", type: "2", link: "../../../etc")
                $0.add("up/passwd", content: "x")
            },
            shows: ["etc/", "etc/passwd", "up"],
            isCheckedWithTar: false
        ),
        Case(testDescription: "no end mark", make: { $0.add("f", content: "x") }, shows: ["f"]),
    ]

    @Test("are read as an unpacking program would", arguments: cases)
    func odd(_ odd: Case) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var tar = RawTar()
        odd.make(&tar)
        let bytes = odd.testDescription == "no end mark" ? tar.bytes : tar.ended
        let layer = try folder.importing(bytes, into: store)
        #expect(layer.diffID == ContentDigest(of: bytes), "the bytes are kept as they are")
        #expect(try store.blobs.read(layer.diffID) == bytes)
        let view = try store.view(Snapshot(layers: [layer.diffID]))
        var paths: [String] = []
        try view.walk(from: try view.root) { entry in
            if !entry.path.isEmpty { paths.append(entry.displayPath + (entry.kind == .directory ? "/" : "")) }
            return .descend
        }
        #expect(paths == odd.shows)
        let seen = try Description.of(view)
        #expect(try Description.ofMount(try store.mountPlan(for: view.snapshot)[0]) == seen)
        if odd.isCheckedWithTar {
            let unpacked = try Description.ofUnpacked(store.blobs.path(layer.diffID), in: folder)
            // The root has no entry, so its attributes are those of the folder that was made for it.
            #expect(unpacked.split(separator: "\n").dropFirst() == seen.split(separator: "\n").dropFirst())
        }
        try store.removeCaches(of: layer.diffID)
        #expect(try Description.of(try store.view(view.snapshot)) == seen, "the index can be made again")
    }

    @Test("Numbers, times and attributes of GNU and pax headers are the ones that were written")
    func values() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var tar = RawTar()
        tar.pax([("mtime", Array("7".utf8)), ("uid", Array("5".utf8))], type: "g")
        tar.pax([
            ("mtime", Array("-1.25".utf8)), ("gid", Array("4294967295".utf8)), ("SCHILY.xattr.user.a", [1, 10, 2]),
        ])
        tar.add("a", content: "x")
        tar.add("b", content: "y")
        tar.add(
            Array("c".utf8),
            mode: "0104755",
            time: [0xFF] + [UInt8](repeating: 0xFF, count: 10) + [0xF0],
            magic: .gnu
        )
        let view = try store.view(Snapshot(layers: [try folder.importing(tar.ended, into: store).diffID]))
        let a = try #require(try view.entry(at: Array("a".utf8))).attributes
        #expect(a.modified.nanoseconds == -1_250_000_000 && a.uid == 5 && a.gid == .max)
        #expect(a.xattrs == [ExtendedAttribute(name: Array("user.a".utf8), value: [1, 10, 2])])
        let b = try #require(try view.entry(at: Array("b".utf8))).attributes
        #expect(b.modified == Timestamp(seconds: 7) && b.uid == 5 && b.gid == 0 && b.xattrs.isEmpty)
        let c = try #require(try view.entry(at: Array("c".utf8))).attributes
        #expect(c.mode == 0o4755 && c.modified == Timestamp(seconds: 7))
    }

    @Test("A tar made by GNU tar of a real tree, in each of its formats", arguments: ["gnu", "pax", "ustar", "oldgnu"])
    func realTar(_ format: String) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let deep = (0..<6).map { "directory-\($0)-" + String(repeating: "d", count: format == "ustar" ? 5 : 50) }
        try Shell.run(
            """
            mkdir -p \(folder["t"])/\(deep.joined(separator: "/")); cd \(folder["t"])
            echo 1 > \(deep.joined(separator: "/"))/file; ln \(deep.joined(separator: "/"))/file hard
            ln -s nowhere sym; mkfifo pipe; mknod null c 1 3; chmod 4711 hard; setfattr -n user.x -v 1 hard || true
            tar -cf ../t.tar --format=\(format) \(format == "pax" ? "--xattrs --xattrs-include='*'" : "") .
            """
        )
        let file = try FileDescriptor.open(folder["t.tar"], .readOnly)
        defer { try? file.close() }
        let layer = try store.importLayer(from: file)
        let seen = try Description.of(try store.view(Snapshot(layers: [layer.diffID])))
        #expect(try Description.ofUnpacked(folder["t.tar"], in: folder) == seen)
        #expect(
            try Description.ofOracle([folder["t.tar"]], in: folder).split(separator: "\n").count
                == seen.split(separator: "\n").count
        )
    }
}
