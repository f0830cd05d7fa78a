// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import LLB
import Layers
import OCIModel
import SystemPackage
import Testing

@Suite("Archives that a copy unpacks")
struct ArchiveTests {
    let fixture: FileOperationFixture
    let base: Snapshot

    init() throws {
        fixture = try FileOperationFixture()
        base = try fixture.snapshot(
            "d usr 755",
            "d usr/lib 711 @3:3",
            "l lib usr/lib",
            "d etc 750 @4:4",
            "f etc/keep 600 K",
            "f etc/x 600 old",
            "d gone 755",
            "f gone/y 644 Y"
        )
    }

    /// A snapshot with a file `a` that holds what a script leaves in `$out`, made in a folder of its own.
    func source(_ script: String) throws -> Snapshot {
        let out = fixture.folder.appending("archive")
        try Program.run(
            "d='\(fixture.folder)/w'; rm -rf $d; mkdir $d; cd $d; umask 022; out='\(out)'; rm -f $out\n\(script)"
        )
        let file = try FileDescriptor.open(out, .readOnly)
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        let writer = try fixture.store.writer(timestamps: .keep)
        try writer.file(
            Array("a".utf8),
            FileAttributes(kind: .regular, mode: 0o644),
            size: size,
            content: .descriptor(file)
        )
        return Snapshot(layers: [try writer.finish().diffID])
    }

    func unpack(_ script: String, to destination: String = "/", owner: Ownership? = nil) throws -> [String] {
        let result = try fixture.copy("/a", destination, on: [base, source(script)]) {
            $0.unpacksArchive = true
            $0.createsDestinationPath = true
            $0.owner = owner
        }
        return try fixture.listLayer(result)
    }

    static let plain = """
        mkdir -p etc/sub lib; echo n > etc/x; ln etc/x etc/hard; ln -s x etc/soft; echo l > lib/so
        chown -R 8:9 etc; chown -h 8:9 etc/soft; chmod 4755 etc/x; chmod 700 etc/sub; mkfifo etc/sub/p
        """
    static let unpacked = [
        "d etc 755 @8:9", "f etc/hard 4755 n\n @8:9", "l etc/soft x @8:9", "d etc/sub 700 @8:9", "fifo etc/sub/p 644",
        "h etc/x etc/hard", "d lib 755", "f lib/so 644 l\n",
    ]

    @Test(
        "Each form of compression, and none",
        arguments: ["cat", "gzip", "bzip2", "xz", "zstd -q", "pigz -c || gzip"]
    )
    func forms(compressor: String) throws {
        let lines = try unpack("\(Self.plain)\ntar c --numeric-owner etc lib | (\(compressor)) > $out")
        #expect(lines == Self.unpacked)
    }

    @Test("A second stream of the same form goes on with the tar", arguments: ["gzip", "bzip2", "xz", "zstd -q"])
    func concatenated(compressor: String) throws {
        let lines = try unpack(
            "\(Self.plain)\ntar c etc lib > t; head -c 1024 t | \(compressor) > $out; tail -c +1025 t | \(compressor) >> $out"
        )
        #expect(lines == Self.unpacked)
    }

    @Test("Directories that an archive only implies are left as they are, through links too")
    func implied() throws {
        let lines = try unpack(
            "mkdir -p etc lib new; echo 1 > etc/f; echo 2 > lib/g; echo 3 > new/h; tar cf $out etc/f lib/g new/h"
        )
        #expect(
            lines == [
                "d etc 750 @4:4", "f etc/f 644 1\n", "d new 755", "f new/h 644 3\n", "d usr 755", "d usr/lib 711 @3:3",
                "f usr/lib/g 644 2\n",
            ]
        )
    }

    @Test("An owner goes for everything, a destination is made, a file takes a directory's place")
    func options() throws {
        let lines = try unpack(
            "echo f > gone; tar cf $out --owner=7 gone",
            to: "/",
            owner: Ownership(user: .id(5), group: .id(6))
        )
        #expect(lines == ["f gone 644 f\n @5:6"])
        let elsewhere = try unpack("echo f > x; tar cf $out x", to: "/new/place")
        #expect(elsewhere == ["d new 755", "d new/place 755", "f new/place/x 644 f\n"])
    }

    @Test(
        "What is no archive is copied as it is",
        arguments: [
            "echo text > $out", "echo text | gzip > $out", ": > $out", "head -c 2000 /dev/zero > $out",
            "printf BZh > $out",
            "echo text | xz > $out", "tar c /dev/null 2>/dev/null | head -c 300 > $out",
        ]
    )
    func others(script: String) throws {
        let source = try source(script)
        let result = try fixture.copy("/a", "/etc/", on: [base, source]) { $0.unpacksArchive = true }
        #expect(try fixture.listLayer(result).count == 2)
        let copied = try fixture.store.view(result.snapshot)
        let original = try fixture.store.view(source)
        let entry = try #require(try copied.entry(at: Array("etc/a".utf8)))
        let first = try #require(try original.entry(at: Array("a".utf8)))
        #expect(try copied.contentDigest(of: entry) == original.contentDigest(of: first))
    }

    @Test(
        "A damaged or hostile archive is refused",
        arguments: [
            "head -c 9999 /dev/urandom > f; tar cz f | head -c 5000 > $out",
            "head -c 9999 /dev/urandom > f; tar cJ f | head -c 5000 > $out",
            "head -c 99999 /dev/urandom > f; tar cf $out f; truncate -s 5000 $out", "touch .wh.x; tar cf $out .wh.x",
            "touch x; tar cPf $out --transform 's|^|../../|' x",
        ]
    )
    func hostile(script: String) throws {
        let source = try source(script)
        #expect(throws: FileOperationError.self) {
            try fixture.copy("/a", "/etc/", on: [base, source]) { $0.unpacksArchive = true }
        }
    }

    @Test("A link to an archive is followed")
    func link() throws {
        let archive = try source("echo f > x; tar cf $out x")
        let linked = try fixture.snapshot("l b a", over: archive)
        let result = try fixture.copy("/b", "/etc", on: [base, linked]) { $0.unpacksArchive = true }
        #expect(try fixture.listLayer(result).contains("f etc/x 644 f\n"))
    }
}
