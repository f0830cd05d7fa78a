// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Import")
struct ImportTests {
    /// How a tar is compressed, by which programs.
    static let compressors = [
        "cat", "gzip -1", "gzip -9", "pigz -p 2 -b 128", "zstd -q", "zstd -q -19", "zstd -q --no-check", "split-gzip",
        "split-zstd",
        "padded-gzip",
    ]

    private static func make(_ form: String, _ folder: TestFolder) throws {
        let script: String
        switch form {
        case "split-gzip": script = "head -c 70000 t.tar | gzip > t.x; tail -c +70001 t.tar | gzip >> t.x"
        case "split-zstd": script = "head -c 70000 t.tar | zstd -q > t.x; tail -c +70001 t.tar | zstd -q >> t.x"
        case "padded-gzip": script = "gzip < t.tar > t.x; head -c 1000 /dev/zero >> t.x"
        default:
            script =
                "if command -v \(form.split(separator: " ")[0]) >/dev/null; then \(form) < t.tar > t.x; else cp t.tar t.x; fi"
        }
        try Shell.run("cd \(folder.path); tar -cf t.tar -C /usr/include/linux netfilter; \(script)")
    }

    @Test("Plain, gzip and zstd streams give the same layer, from files and from pipes", arguments: compressors)
    func forms(_ form: String) throws {
        let folder = try TestFolder()
        try Self.make(form, folder)
        let expected = try Shell.run("sha256sum < \(folder["t.tar"])").prefix(64)
        let store = try folder.store()
        let file = try FileDescriptor.open(folder["t.x"], .readOnly)
        defer { try? file.close() }
        let layer = try store.importLayer(from: file)
        #expect(layer.diffID.hex == expected)
        #expect(try store.blobs.verify(layer.diffID) == .intact)
        let seen = try Description.of(try store.view(Snapshot(layers: [layer.diffID])))
        #expect(
            try Description.ofUnpacked(folder["t.tar"], in: folder).split(separator: "\n").dropFirst()
                == seen.split(separator: "\n").dropFirst()
        )
        try Shell.run("mkfifo \(folder["pipe"]); (cat \(folder["t.x"]) > \(folder["pipe"])) >/dev/null 2>&1 &")
        let pipe = try FileDescriptor.open(folder["pipe"], .readOnly)
        defer { try? pipe.close() }
        #expect(try folder.store("second").importLayer(from: pipe, expecting: layer.diffID) == layer)
    }

    @Test("A stream that is cut or damaged is refused", arguments: ["cat", "gzip -6", "zstd -q"])
    func damaged(_ form: String) throws {
        let folder = try TestFolder()
        try Self.make(form, folder)
        let store = try folder.store()
        let expected = try ContentDigest(hex: Shell.run("sha256sum < \(folder["t.tar"])").prefix(64))
        let size = try #require(Int(Shell.run("stat -c %s \(folder["t.x"])").filter(\.isNumber)))
        for cut in [size / 2, size - 600 * (form == "cat" ? 100 : 0) - 1, 20, 3] {
            try Shell.run("head -c \(cut) \(folder["t.x"]) > \(folder["cut"])")
            let file = try FileDescriptor.open(folder["cut"], .readOnly)
            defer { try? file.close() }
            #expect(throws: LayerError.self, "cut at \(cut)") { try store.importLayer(from: file, expecting: expected) }
        }
        for place in [size / 3, size / 2, size - 5] {
            try Shell.run(
                "cp \(folder["t.x"]) \(folder["bad"]); printf '\\377\\001\\377' | dd of=\(folder["bad"]) bs=1 seek=\(place) conv=notrunc 2>/dev/null"
            )
            let file = try FileDescriptor.open(folder["bad"], .readOnly)
            defer { try? file.close() }
            #expect(throws: LayerError.self, "damaged at \(place)") {
                try store.importLayer(from: file, expecting: expected)
            }
        }
        #expect(try store.blobs.all().isEmpty)
    }

    @Test("Another DiffID than the expected one is said, and nothing is kept")
    func unexpected() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let other = ContentDigest(of: "other")
        var tar = RawTar()
        tar.add("f", content: "x")
        let actual = ContentDigest(of: tar.ended)
        let error = #expect(throws: LayerError.self) { try folder.importing(tar.ended, into: store, expecting: other) }
        #expect(error == .unexpectedDiffID(expected: other, actual: actual))
        #expect(error?.kind == .corrupt)
        #expect(try store.blobs.all().isEmpty)
    }

    @Test("An empty stream is a layer without entries")
    func empty() throws {
        let folder = try TestFolder()
        let layer = try folder.importing([], into: try folder.store())
        #expect(layer.isEmpty && layer.size == 0 && layer.diffID == ContentDigest(of: ""))
    }
}
