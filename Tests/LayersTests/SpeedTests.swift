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
        let source = folder["files"]
        try Shell.run("mkdir \(source)")
        var names: [(path: [UInt8], file: FilePath)] = []
        for directory in 0..<100 {
            try Shell.run("mkdir \(source)/d\(Self.pad(directory))")
            for file in 0..<200 {
                let name = "d\(Self.pad(directory))/f\(Self.pad(file))"
                names.append((Array(name.utf8), source.appending(name)))
                var seed = UInt64(directory * 200 + file + 1)
                let bytes = (0..<512).flatMap { _ -> [UInt8] in
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return (0..<8).map { UInt8(truncatingIfNeeded: seed >> UInt64($0 * 8)) }
                }
                try folder.write("files/" + name, bytes)
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
        print("layer \(writing) s, index \(indexing) s, lookup \(lookups / 20_000 * 1e6) µs, digests \(digests) s, again \(again) s")
        #expect(writing < 3)
        #expect(indexing < 1)
        #expect(lookups < 2)
    }
}
