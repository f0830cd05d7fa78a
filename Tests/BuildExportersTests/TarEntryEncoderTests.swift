// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage
import Testing

@testable import BuildExporters

@Suite("Tar headers")
struct TarEntryEncoderTests {
    /// Paths around every limit of the format.
    static let paths: [String] = [
        "a", "d/e", String(repeating: "n", count: 100), String(repeating: "n", count: 101),
        String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 100),
        String(repeating: "p", count: 156) + "/" + String(repeating: "n", count: 100),
        String(repeating: "p", count: 155) + "/" + String(repeating: "n", count: 101),
        String(repeating: "q/", count: 127) + "end", String(repeating: "r/", count: 300) + "end", "ümläut/ß",
    ]

    @Test("are what GNU tar reads back", arguments: paths)
    func roundTrip(path: String) async throws {
        let folder = try TestFolder()
        var attributes = FileAttributes(kind: .regular, mode: 0o4751, uid: 3_000_000, gid: 12)
        attributes.modified = Timestamp(nanoseconds: 1_600_000_000_250_000_000)
        let entry = TarEntry(path: Array(path.utf8), attributes: attributes, size: 3)
        let bytes = TarEntryEncoder.headers(entry) + Array("abc".utf8) + [UInt8](repeating: 0, count: 509)
        try AtomicFile.write(bytes + TarEntryEncoder.end, to: folder("x.tar"))
        let listing = try await Program.require(
            "tar",
            "--numeric-owner",
            "--full-time",
            "-tvf",
            folder.text("x.tar"),
            environment: ["TZ": "UTC", "LC_ALL": "C.UTF-8", "TAR_OPTIONS": "--quoting-style=literal"]
        )
        let fields = listing.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(fields == ["-rwsr-x--x", "3000000/12", "3", "2020-09-13", "12:26:40.25", path])
    }

    @Test("are a multiple of 512 bytes, whatever the lengths")
    func blocks() {
        for length in 1...600 {
            var attributes = FileAttributes(kind: .symbolicLink, mode: 0o777)
            attributes.xattrs = [
                ExtendedAttribute(name: Array("user.x".utf8), value: [UInt8](repeating: 0, count: length))
            ]
            let path = [UInt8](repeating: UInt8(ascii: "x"), count: length)
            let entry = TarEntry(path: path, attributes: attributes, link: path)
            #expect(TarEntryEncoder.headers(entry).count % 512 == 0)
        }
    }

    @Test("hold sizes of 8 GiB and more")
    func large() async throws {
        let folder = try TestFolder()
        let size: Int64 = 9 << 30
        let entry = TarEntry(
            path: Array("big".utf8),
            attributes: FileAttributes(kind: .regular, mode: 0o644),
            size: size
        )
        let headers = TarEntryEncoder.headers(entry)
        try AtomicFile.write(headers, to: folder("big.tar"))
        let file = try FileDescriptor.open(folder("big.tar"), .readWrite)
        try file.closeAfter { try file.resize(to: Int64(headers.count) + size + 1024) }
        let listing = try await Program.require("tar", "-tvf", folder.text("big.tar"))
        #expect(listing.contains(" \(size) "))
    }
}
