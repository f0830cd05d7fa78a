// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Merged view")
struct LayerViewTests {
    /// Four layers that hide, replace, reopen and link.
    static func stack(in store: LayerStore) throws -> Snapshot {
        let base = try store.layer { writer in
            try writer.directory("bin", mode: 0o711)
            try writer.file("bin/a", "a")
            try writer.file("bin/b", "b")
            try writer.directory("dir")
            try writer.file("dir/deep", "deep")
            try writer.directory("emptied")
            try writer.file("emptied/x", "x")
            try writer.file("file", "file")
            try writer.file("h1", "linked")
            try writer.hardLink(Array("h2".utf8), to: Array("h1".utf8))
            try writer.directory("reopened")
            try writer.file("reopened/old", "old")
            try writer.file("same", "lower")
        }
        let second = try store.layer { writer in
            try writer.whiteout(Array("reopened".utf8))
            try writer.directory("bin", mode: 0o755)
            try writer.whiteout(Array("bin/a".utf8))
            try writer.file("bin/c", "c")
            try writer.file("dir", "now a file")
            try writer.directory("emptied")
            try writer.opaque(Array("emptied".utf8))
            try writer.file("emptied/y", "y")
            try writer.directory("file")
            try writer.file("file/inside", "x")
            try writer.file("same", "upper")
        }
        let third = try store.layer { writer in
            try writer.directory("bin", mode: 0o755)
            try writer.whiteout(Array("bin/never".utf8))
            try writer.file("bin/a", "a again")
            try writer.directory("dir")
            try writer.file("dir/new", "new")
            try writer.file("h2", "broken link")
            try writer.directory("reopened")
            try writer.file("reopened/new", "new")
        }
        let fourth = try store.layer { writer in
            try writer.whiteout(Array("file".utf8))
            try writer.directory("emptied")
            try writer.file("emptied/z", "z")
            try writer.symbolicLink("zlink", "bin/../bin/c")
        }
        return Snapshot(layers: [base, second, third, fourth])
    }

    @Test("shows a stack that grows, shrinks and branches off as it is each time")
    func growing() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let layers = try (0..<340).map { number in try store.layer { try $0.file("f\(number)", "\(number)") } }
        func names(_ stack: [ContentDigest]) throws -> Int {
            let view = try store.view(Snapshot(layers: stack))
            return try view.children(of: view.root).count
        }
        for height in [1, 2, 3, 339, 340] { #expect(try names(Array(layers[..<height])) == height) }
        #expect(try names([layers[0], layers[5]]) == 2, "another stack on the same base")
        #expect(try names([layers[5]]) == 1)
        #expect(try store.view(Snapshot(layers: [layers[5]])).entry(at: Array("f0".utf8)) == nil)
        #expect(try names([]) == 0)
    }

    @Test("shows what overlayfs shows, and what one merged index shows")
    func merged() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        for count in 1...4 {
            let snapshot = Snapshot(layers: Array(try Self.stack(in: store).layers.prefix(count)))
            let seen = Self.links(try Description.of(try store.view(snapshot)))
            let apart = try store.mountPlan(for: snapshot)
            #expect(apart.count == count)
            #expect(Self.links(try Description.ofMounts(apart)) == seen)
            let together = try store.mountPlan(for: snapshot, maximumUnits: 1)
            #expect(together.count == 1)
            #expect(together[0].layers == snapshot.layers)
            #expect(Self.links(try Description.ofMounts(together)) == seen)
        }
        let paths = try Self.paths(try store.view(try Self.stack(in: store)))
        #expect(
            paths == [
                "bin", "bin/a", "bin/b", "bin/c", "dir", "dir/new", "emptied", "emptied/y", "emptied/z", "h1", "h2",
                "reopened",
                "reopened/new", "same", "zlink",
            ]
        )
    }

    /// Without the last field of the files whose other name an upper layer replaced: how many names such a file has
    /// differs between one index of the stack and the layers' own.
    private static func links(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            let isLinked = line.hasPrefix("6831|") || line.hasPrefix("6832|")
            return String(isLinked ? line[..<(line.lastIndex(of: "|") ?? line.endIndex)] : line)
        }
    }

    static func paths(_ view: LayerView) throws -> [String] {
        var paths: [String] = []
        try view.walk(from: try view.root) { entry in
            if !entry.path.isEmpty { paths.append(entry.displayPath) }
            return .descend
        }
        return paths
    }

    @Test("A directory without an entry of its own shows its attributes from below, in the view and mounted")
    func implied() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let base = try store.layer { writer in
            try writer.directory("tmp", mode: 0o1777)
            try writer.directory("tmp/sub", mode: 0o700)
        }
        var tar = RawTar()
        tar.add("tmp/sub/f", content: "x")
        tar.add("elsewhere/f", content: "x")
        let upper = try folder.importing(tar.ended, into: store).diffID
        let snapshot = Snapshot(layers: [base, upper])
        let view = try store.view(snapshot)
        #expect(try view.entry(at: Array("tmp".utf8))?.attributes.mode == 0o1777)
        #expect(try view.entry(at: Array("elsewhere".utf8))?.attributes.mode == 0o755)
        let plan = try store.mountPlan(for: snapshot)
        #expect(plan.count == 1, "overlayfs would show the made-up attributes")
        #expect(try Description.ofMounts(plan) == Description.of(view))
        var other = RawTar()
        other.add("elsewhere/g", content: "x")
        let harmless = Snapshot(layers: [base, try folder.importing(other.ended, into: store).diffID])
        #expect(try store.mountPlan(for: harmless).count == 2)
    }

    @Test("A tar of an overlay's upper directory, with overlayfs's notes in it, means what it meant there")
    func overlayNotes() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let base = try store.layer { writer in
            try writer.directory("d")
            try writer.file("d/lower", "x")
        }
        var tar = RawTar()
        tar.pax([("SCHILY.xattr.trusted.overlay.opaque", [0x79]), ("SCHILY.xattr.trusted.overlay.origin", [0, 251])])
        tar.add("d", type: "5")
        tar.add("d/upper", content: "x")
        let snapshot = Snapshot(layers: [base, try folder.importing(tar.ended, into: store).diffID])
        let view = try store.view(snapshot)
        #expect(try Self.paths(view) == ["d", "d/upper"])
        #expect(try view.entry(at: [0x64])?.attributes.xattrs == [])
        #expect(try Description.ofMounts(try store.mountPlan(for: snapshot)) == Description.of(view))
    }

    @Test("Caches of layers that are gone are removed, others stay")
    func pruning() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let layers = try (0..<3).map { index in try store.layer { try $0.file("f\(index)", "x") } }
        _ = try store.mountPlan(for: Snapshot(layers: layers), maximumUnits: 1)
        let before = try store.cacheSize()
        #expect(try store.pruneCaches() > 0, "the merged index")
        try store.blobs.remove(layers[0])
        let freed = try store.pruneCaches()
        #expect(freed > 0)
        #expect(try store.cacheSize() < before)
        #expect(try Shell.run("ls \(folder["root"])/layers | wc -l").filter(\.isNumber) == "2")
        #expect(
            try store.view(Snapshot(layers: [layers[1]])).children(of: store.view(Snapshot(layers: [layers[1]])).root)
                .count == 1
        )
    }

    @Test(
        "Paths lead through links, dots and missing parts, and never out of the root",
        arguments: [
            ("", "", true), ("/", "", true), ("bin/c", "bin/c", true), ("//bin/./c", "bin/c", true),
            ("bin/../../../bin", "bin", true),
            ("to-bin/c", "bin/c", true), ("to-bin", "bin", true), ("abs/c", "bin/c", true),
            ("out/bin/c", "bin/c", true),
            ("chain/c", "bin/c", true), ("dangling", "nowhere/x", false), ("dangling/y", "nowhere/x/y", false),
            ("bin/c/x", "bin/c/x", false), ("no/such/../dir", "no/dir", false), ("to-bin/new", "bin/new", false),
            ("bin/up", "", true), ("bin/up/bin/up/bin/c", "bin/c", true), ("self/.", "", true),
        ]
    )
    func resolution(_ path: String, _ expected: String, _ exists: Bool) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try store.layer { writer in
            try writer.symbolicLink("abs", "/bin")
            try writer.directory("bin")
            try writer.file("bin/c", "c")
            try writer.symbolicLink("bin/up", "..")
            try writer.symbolicLink("chain", "to-bin")
            try writer.symbolicLink("dangling", "nowhere/x")
            try writer.symbolicLink("loop", "loop")
            try writer.symbolicLink("out", "../../../..")
            try writer.symbolicLink("self", ".")
            try writer.symbolicLink("to-bin", "./bin")
        }
        let view = try store.view(Snapshot(layers: [diffID]))
        let resolved = try view.resolve(Array(path.utf8))
        #expect(String(decoding: resolved.path, as: UTF8.self) == expected)
        #expect((resolved.entry != nil) == exists)
        #expect(try view.entry(at: Array("to-bin".utf8))?.kind == .symbolicLink)
        #expect(throws: LayerError.tooManyLinks(path: "loop")) {
            try view.entry(at: Array("loop".utf8), following: .all)
        }
        #expect(throws: LayerError.tooManyLinks(path: "loop/x")) { try view.entry(at: Array("loop/x".utf8)) }
    }

    @Test("255 links in a row are followed, 256 are not")
    func linkLimit() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let diffID = try store.layer { writer in
            for index in 0..<256 {
                try writer.symbolicLink("l\(1000 + index)", index == 0 ? "z" : "l\(1000 + index - 1)")
            }
            try writer.file("z", "end")
        }
        let view = try store.view(Snapshot(layers: [diffID]))
        #expect(try view.entry(at: Array("l1254".utf8), following: .all)?.path == [0x7A])
        #expect(throws: LayerError.self) { try view.entry(at: Array("l1255".utf8), following: .all) }
    }

    @Test("A walk comes in byte order of the whole paths, and what it gives can be written again")
    func walkOrder() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var names: Set<String> = []
        var random = UInt64(3)
        for _ in 0..<600 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var path = ""
            for level in 0..<(1 + Int(random >> 60) % 4) {
                let part = ["a", "a.", "a-", "a0", "b", "!", "a b"][Int(random >> UInt64(20 + level * 5)) % 7]
                path += path.isEmpty ? part : "/" + part
                names.insert(path)
            }
        }
        let sorted = names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        let diffID = try store.layer { writer in
            for name in sorted { try writer.directory(String(decoding: name, as: UTF8.self)) }
        }
        let view = try store.view(Snapshot(layers: [diffID]))
        #expect(try Self.paths(view) == sorted.map { String(decoding: $0, as: UTF8.self) })
        let again = try store.layer { writer in
            try view.walk(from: try view.root) { entry in
                if !entry.path.isEmpty { try writer.directory(entry.path, entry.attributes) }
                return .descend
            }
        }
        #expect(again == diffID)
        var visited = 0
        try view.walk(from: try view.root) { entry in
            visited += 1
            return entry.path.isEmpty ? .descend : .skip
        }
        #expect(visited == 1 + (try view.children(of: try view.root).count))
    }

    @Test("Contents, extents and digests of files agree, and digests are kept beside the layer")
    func contents() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        let writer = try store.writer(timestamps: .keep)
        try writer.file("empty", "")
        let attributes = FileAttributes(kind: .regular, mode: 0o644)
        try writer.file(Array("known".utf8), attributes, size: 10_000, content: .bytes(bytes), hashing: true)
        try writer.file(Array("other".utf8), attributes, size: 10_000, content: .bytes(bytes))
        let diffID = try writer.finish().diffID
        let sums = folder["root"].appending("layers/\(diffID.hex).sums")
        #expect(try Shell.run("stat -c %s \(sums)") == "116\n", "one digest was known")
        let view = try store.view(Snapshot(layers: [diffID]))
        for name in ["known", "other"] {
            let entry = try #require(try view.entry(at: Array(name.utf8)))
            #expect(try view.read(entry) == bytes)
            #expect(throws: LayerError.tooLarge(path: name, size: 10_000, limit: 9999)) {
                try view.read(entry, limit: 9999)
            }
            #expect(try view.contentDigest(of: entry) == ContentDigest(of: bytes))
            let extent = try #require(try view.extent(of: entry))
            #expect(extent.blob == diffID && extent.length == 10_000)
            let first = try view.withContent(of: entry) { file, offset in
                var buffer = [UInt8](repeating: 0, count: 4)
                #expect(offset == extent.offset)
                _ = try unsafe buffer.withUnsafeMutableBytes {
                    try unsafe file.read(fromAbsoluteOffset: offset, into: $0)
                }
                return buffer
            }
            #expect(first == [0, 1, 2, 3])
        }
        let empty = try #require(try view.entry(at: Array("empty".utf8)))
        #expect(try view.read(empty) == [] && view.extent(of: empty) == nil)
        #expect(try view.contentDigest(of: empty) == ContentDigest(of: ""))
        #expect(throws: LayerError.self) { try view.contentDigest(of: try view.root) }
        try store.saveDigests()
        #expect(try Shell.run("stat -c %s \(sums)") == "152\n")
        // What is kept is used, unless it is damaged.
        try Shell.run("dd if=/dev/zero of=\(sums) bs=1 seek=100 count=8 conv=notrunc")
        let fresh = try folder.store().view(Snapshot(layers: [diffID]))
        let known = try #require(try fresh.entry(at: Array("known".utf8)))
        #expect(try fresh.contentDigest(of: known) == ContentDigest(of: bytes))
    }

    @Test("A tree's digest sees contents, names, modes, owners, attributes, targets and links, and no times")
    func treeDigest() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        struct Variant {
            var mode: UInt16 = 0o644
            var uid: UInt32 = 0
            var time: Int64 = 0
            var text = "text"
            var name = "f"
            var target = "f"
            var xattr: UInt8 = 1
            var isLinked = true
            var top = "top"
        }
        func digest(_ variant: Variant) throws -> ContentDigest {
            let diffID = try store.layer { writer in
                try writer.directory(variant.top)
                var attributes = FileAttributes(
                    kind: .regular,
                    mode: variant.mode,
                    uid: variant.uid,
                    modified: Timestamp(seconds: variant.time)
                )
                attributes.xattrs = [ExtendedAttribute(name: Array("user.x".utf8), value: [variant.xattr])]
                let path = Array("\(variant.top)/\(variant.name)".utf8)
                let content = Array(variant.text.utf8)
                try writer.file(path, attributes, size: Int64(content.count), content: .bytes(content))
                let other = Array("\(variant.top)/g".utf8)
                if variant.isLinked {
                    try writer.hardLink(other, to: path)
                } else {
                    try writer.file(other, attributes, size: Int64(content.count), content: .bytes(content))
                }
                try writer.symbolicLink("\(variant.top)/s", variant.target)
            }
            let view = try store.view(Snapshot(layers: [diffID]))
            return try view.treeDigest(of: try #require(try view.entry(at: Array(variant.top.utf8))))
        }
        let original = try digest(Variant())
        #expect(try digest(Variant(time: 99)) == original)
        #expect(try digest(Variant(top: "elsewhere")) == original)
        let others = [
            Variant(mode: 0o600), Variant(uid: 1), Variant(text: "texu"), Variant(name: "e"), Variant(target: "g"),
            Variant(xattr: 2), Variant(isLinked: false),
        ]
        #expect(Set(try others.map(digest) + [original]).count == others.count + 1)
    }

    @Test("130 layers: view, overlay of a merged index, and the index of all of them agree")
    func deepStack() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var snapshot = Snapshot.scratch
        for layer in 0..<130 {
            snapshot.append(
                try store.layer { writer in
                    try writer.directory("d")
                    if layer % 3 == 2 { try writer.whiteout(Array("d/f\(1000 + layer - 1)".utf8)) }
                    if layer % 40 == 39 { try writer.opaque(Array("d".utf8)) }
                    try writer.file("d/f\(1000 + layer)", "content of \(layer)")
                    try writer.file("same", "\(layer)")
                }
            )
        }
        let view = try store.view(snapshot)
        let seen = try Description.of(view)
        #expect(seen.split(separator: "\n").count == 3 + 11 - 3)
        let plan = try store.mountPlan(for: snapshot)
        #expect(plan.count <= 32 && plan.flatMap(\.layers) == snapshot.layers)
        #expect(try Description.ofMounts(plan) == seen)
        let one = try store.mountPlan(for: snapshot, maximumUnits: 1)
        #expect(one.count == 1 && one[0].tars.count == 130)
        #expect(try Description.ofMounts(one) == seen)
        #expect(try Description.ofOracle(one[0].tars, in: folder) == seen)
        let earlier = try store.mountPlan(for: Snapshot(layers: Array(snapshot.layers.dropLast())))
        #expect(earlier[0] == plan[0], "a growing stack keeps its merged index")
    }

    @Test("The view of scratch is an empty directory")
    func scratch() throws {
        let folder = try TestFolder()
        let view = try folder.store().view(.scratch)
        #expect(try view.root.kind == .directory)
        #expect(try view.children(of: try view.root).isEmpty)
        #expect(try view.entry(at: [0x78]) == nil)
        #expect(try folder.store().mountPlan(for: .scratch).isEmpty)
    }
}
