// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Hostile tars")
struct HostileTarTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// What the message must say.
        let says: String
        let make: @Sendable () -> [UInt8]
    }

    private static func tar(_ make: (inout RawTar) -> Void) -> [UInt8] {
        var tar = RawTar()
        make(&tar)
        return tar.ended
    }

    static let cases: [Case] = [
        Case(testDescription: "..", says: "leads out of the layer", make: { tar { $0.add("a/../../etc/passwd") } }),
        Case(
            testDescription: ".. in a pax path",
            says: "leads out",
            make: {
                tar {
                    $0.pax("path", "../x"); $0.add("x")
                }
            }
        ),
        Case(
            testDescription: "a hard link out of the root",
            says: "leads out",
            make: { tar { $0.add("h", type: "1", link: "../../etc/passwd") } }
        ),
        Case(
            testDescription: "a hard link to nothing",
            says: "which is no file earlier",
            make: { tar { $0.add("h", type: "1", link: "etc/passwd") } }
        ),
        Case(
            testDescription: "a hard link to a directory",
            says: "which is no file earlier",
            make: {
                tar {
                    $0.add("d", type: "5"); $0.add("h", type: "1", link: "d")
                }
            }
        ),
        Case(
            testDescription: "a loop of symbolic links",
            says: "symbolic links",
            make: {
                tar {
                    $0.add("a", type: "2", link: "b"); $0.add("b", type: "2", link: "a"); $0.add("a/x")
                }
            }
        ),
        Case(testDescription: "GNU sparse", says: "sparse", make: { tar { $0.add("s", type: "S") } }),
        Case(
            testDescription: "pax sparse",
            says: "sparse",
            make: {
                tar {
                    $0.pax("GNU.sparse.major", "1"); $0.add("s")
                }
            }
        ),
        Case(testDescription: "an unknown type", says: "tar type 'Z'", make: { tar { $0.add("s", type: "Z") } }),
        Case(
            testDescription: "a file as the root",
            says: "the root",
            make: {
                tar {
                    $0.add("./"); $0.add(".", content: "x")
                }
            }
        ),
        Case(
            testDescription: "a name of 256 bytes",
            says: "more than 255 bytes",
            make: {
                tar {
                    $0.pax("path", String(repeating: "n", count: 256)); $0.add("x")
                }
            }
        ),
        Case(
            testDescription: "a path of 5000 bytes",
            says: "more than 4096 bytes",
            make: {
                tar {
                    $0.pax("path", String(repeating: "n/", count: 2500)); $0.add("x")
                }
            }
        ),
        Case(
            testDescription: "a NUL in a path",
            says: "zero byte",
            make: {
                tar {
                    $0.pax("path", "a\0b"); $0.add("x")
                }
            }
        ),
        Case(testDescription: "an empty link target", says: "symbolic link", make: { tar { $0.add("s", type: "2") } }),
        Case(
            testDescription: "overlayfs's attributes",
            says: "overlayfs",
            make: {
                tar {
                    $0.pax("SCHILY.xattr.trusted.overlay.redirect", "/etc"); $0.add("d", type: "5")
                }
            }
        ),
        Case(
            testDescription: "an attribute that nothing keeps",
            says: "prefix",
            make: {
                tar {
                    $0.pax("SCHILY.xattr.weird", "1"); $0.add("d", type: "5")
                }
            }
        ),
        Case(testDescription: "a whiteout of nothing", says: "whiteout", make: { tar { $0.add("d/.wh.") } }),
        Case(testDescription: "a whiteout of ..", says: "whiteout", make: { tar { $0.add("d/.wh...") } }),
        Case(
            testDescription: "a wrong checksum",
            says: "no tar header",
            make: {
                tar {
                    $0.add("a"); $0.bytes[0] ^= 1
                }
            }
        ),
        Case(testDescription: "garbage", says: "no tar header", make: { [UInt8](repeating: 0x41, count: 2048) }),
        Case(
            testDescription: "half a header",
            says: "within a header",
            make: { Array(tar { $0.add("a") }.prefix(300)) }
        ),
        Case(
            testDescription: "contents cut off",
            says: "within the contents",
            make: { Array(tar { $0.add("a", content: String(repeating: "x", count: 3000)) }.prefix(1024)) }
        ),
        Case(
            testDescription: "an end within a pax header",
            says: "extended header",
            make: {
                Array(
                    tar {
                        $0.pax("path", "abc"); $0.add("a")
                    }.prefix(1024)
                )
            }
        ),
        Case(
            testDescription: "a pax record without length",
            says: "pax record",
            make: {
                tar {
                    $0.add(Array("p".utf8), type: "x", content: Array("nonsense\n".utf8)); $0.add("a")
                }
            }
        ),
        Case(
            testDescription: "a pax record that is too long",
            says: "pax record",
            make: {
                tar {
                    $0.add(Array("p".utf8), type: "x", content: Array("99 path=a\n".utf8)); $0.add("a")
                }
            }
        ),
        Case(
            testDescription: "a pax header of 1 GB",
            says: "extended header of",
            make: { tar { $0.add(Array("p".utf8), type: "x", size: Array("07346545000".utf8)) } }
        ),
        Case(
            testDescription: "a size that overflows",
            says: "size",
            make: {
                tar { $0.add([97], size: [0x80, 0, 0, 0] + [0x7F] + [UInt8](repeating: 0xFF, count: 7), magic: .gnu) }
            }
        ),
        Case(
            testDescription: "a negative size",
            says: "negative",
            make: { tar { $0.add([97], size: [UInt8](repeating: 0xFF, count: 12), magic: .gnu) } }
        ),
        Case(
            testDescription: "a size that is no number",
            says: "no number",
            make: { tar { $0.add([97], size: Array("12x".utf8)) } }
        ),
        Case(
            testDescription: "an announced exabyte",
            says: "1 TiB",
            make: {
                tar {
                    $0.pax("size", "1000000000000000000"); $0.add("a")
                }
            }
        ),
        Case(
            testDescription: "members behind a lone zero block",
            says: "lone block",
            make: { tar { $0.add("a") }.prefix(512) + [UInt8](repeating: 0, count: 512) + tar { $0.add("b") } }
        ),
        Case(
            testDescription: "20 MB of zeros behind the end",
            says: "follow the end",
            make: { [UInt8](repeating: 0, count: 20 << 20) }
        ),
    ]

    @Test("are refused by one sentence, and leave nothing", arguments: cases)
    func refused(_ hostile: Case) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        let error = #expect(throws: LayerError.self) { try folder.importing(hostile.make(), into: store) }
        let text = error?.description ?? ""
        #expect(text.contains(hostile.says), "\(text)")
        #expect(!text.contains("\n"))
        #expect(try store.blobs.all().isEmpty)
        #expect(try Shell.run("ls \(folder["root"])/layers; ls \(store.blobs.scratch.path)") == "lock\n")
    }

    @Test("A million-entry limit, and a limit on bytes, are kept")
    func limits() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var tar = RawTar()
        for index in 0..<50 { tar.add("d\(index)/e/f", content: "x") }
        #expect(throws: LayerError.limit("it has more than 120 entries")) {
            try folder.importing(tar.ended, into: store, limits: ImportLimits(maximumEntries: 120))
        }
        #expect(throws: LayerError.self) {
            try folder.importing(tar.ended, into: store, limits: ImportLimits(maximumBytes: 20_000))
        }
        #expect(try folder.importing(tar.ended, into: store, limits: ImportLimits(maximumEntries: 151)).entries == 50)
    }

    @Test("Decompression bombs end at their limit", arguments: ["gzip -9", "zstd -19 -q"])
    func bombs(_ compressor: String) throws {
        let folder = try TestFolder()
        let store = try folder.store()
        try Shell.run(
            """
            mkdir \(folder["b"]); cd \(folder["b"]); truncate -s 200M zeros; tar -c zeros | \(compressor) > ../bomb
            """
        )
        func importing(_ limits: ImportLimits) throws -> CommittedLayer {
            let file = try FileDescriptor.open(folder["bomb"], .readOnly)
            defer { try? file.close() }
            return try store.importLayer(from: file, limits: limits)
        }
        let ratio = #expect(throws: LayerError.self) {
            try importing(ImportLimits(maximumRatio: 100, ratioAppliesAfter: 1 << 20))
        }
        #expect(ratio?.description.contains("bomb") == true)
        let bytes = #expect(throws: LayerError.self) { try importing(ImportLimits(maximumBytes: 100 << 20)) }
        #expect(bytes?.description.contains("104857600") == true)
        #expect(try importing(.default).size > 200 << 20, "zeros below the limits are legal")
        #expect(
            try Int(Shell.run("du -s \(folder["root"]) | cut -f1").filter(\.isNumber)) ?? .max < 2000,
            "and cost no room"
        )
    }

    /// Every 97th byte of a rich tar is changed in several ways: nothing may crash or hang.
    @Test("Damaged tars are refused or read, and never crash")
    func mutations() throws {
        let folder = try TestFolder()
        let store = try folder.store()
        var tar = RawTar()
        tar.pax([("SCHILY.xattr.user.a", [1, 2]), ("mtime", Array("1.5".utf8))])
        tar.add("dir/file", content: "hello")
        tar.add("link", type: "2", link: "dir")
        tar.add("link/x", type: "1", link: "dir/file")
        tar.add(Array("L".utf8), type: "L", magic: .gnu, content: Array("a/very/long/name\0".utf8))
        tar.add("short", content: "x")
        tar.add("dir/.wh.gone")
        var random = UInt64(42)
        for _ in 0..<1500 {
            var bytes = tar.ended
            for _ in 0..<3 {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(random >> 33) % bytes.count] = UInt8(truncatingIfNeeded: random >> 20)
            }
            // Make the checksums right again, so that the damage is looked at.
            for start in stride(from: 0, to: bytes.count, by: 512) where bytes[start + 257] == 0x75 {
                bytes.replaceSubrange(start + 148..<start + 156, with: [UInt8](repeating: 32, count: 8))
                let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
                bytes.replaceSubrange(start + 148..<start + 156, with: Array(RawTar.octal(sum, 6).utf8) + [0, 32])
            }
            guard let layer = try? folder.importing(bytes, into: store) else { continue }
            let view = try store.view(Snapshot(layers: [layer.diffID]))
            _ = try view.treeDigest(of: try view.root)
            try store.removeCaches(of: layer.diffID)
            try store.blobs.remove(layer.diffID)
        }
    }
}
