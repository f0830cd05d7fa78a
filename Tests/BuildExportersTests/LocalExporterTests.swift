// SPDX-License-Identifier: Apache-2.0

import BuildExporters
import BuildModel
import Glibc
import Layers
import OCIModel
import SystemPackage
import Testing

#if DEBUG
    private let isOptimised = false
#else
    private let isOptimised = true
#endif

@Suite("The local exporter")
struct LocalExporterTests {
    @Test("writes files that belong to who runs it, with modes, times, links, devices and attributes")
    func files() async throws {
        let store = try SampleStore()
        let result = try await store.export([store.image(try store.everyKind())], "type=local,dest=a/b/out")
        #expect(result.destination == store.folder.text("a/b/out"))
        #expect(result.bytes == 5 + 1 + 3 + 3)
        let listing = try await Program.require(
            "find",
            store.folder.text("a/b/out"),
            "-mindepth",
            "1",
            "!",
            "-path",
            "*/long*",
            "-printf",
            "%P %y %m %U:%G %Ts %l\n"
        )
        let owner = "\(geteuid()):\(getegid())"
        let time = SampleStore.epoch.seconds
        let expected = [
            "dir d 1777 \(owner) \(time) ", "dir/link l 777 \(owner) \(time) ../usr/bin/sudo",
            "dir/stays f 644 \(owner) \(time) ", "empty d 700 \(owner) \(time) ", "fifo p 600 \(owner) \(time) ",
            "first f 640 \(owner) \(time) ", "old f 600 \(owner) \(time) ",
            "second f 640 \(owner) \(time) ", "usr d 755 \(owner) \(time) ", "usr/bin d 755 \(owner) \(time) ",
            "usr/bin/sudo f 4755 \(owner) \(time) ",
        ]
        let devices = geteuid() == 0 ? ["null c 666 \(owner) \(time) "] : []
        #expect(listing.split(separator: "\n").map(String.init).sorted() == (expected + devices).sorted())
        let same = try await Program.require(
            "stat",
            "-c",
            "%i %h",
            store.folder.text("a/b/out/first"),
            store.folder.text("a/b/out/second")
        )
        #expect(Set(same.split(separator: "\n")).count == 1 && same.contains(" 2\n"))
        let note = try await Program.require(
            "getfattr",
            "--only-values",
            "-n",
            "user.note",
            store.folder.text("a/b/out/first")
        )
        #expect(note == "hello")
    }

    @Test("does not depend on the umask")
    func mask() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        try await store.export([image], "type=local,dest=one")
        let old = UmaskChange(0o077)
        try await store.export([image], "type=local,dest=two")
        old.restore()
        try await FileTrees.requireEqual(store.folder("one"), store.folder("two"))
    }

    @Test("merges with what is there, and replaces what is in the way")
    func merge() async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        try await Program.require("mkdir", "-p", store.folder.text("out/first/deep"), store.folder.text("out/usr/lib"))
        try await Program.require(
            "sh",
            "-c",
            "cd \(store.folder.text("out")); echo x > dir; echo y > usr/lib/kept; echo z > old"
        )
        try await store.export([image], "type=local,dest=out")
        #expect(try store.folder.read("out/usr/lib/kept") == "y\n".bytes)
        try await Program.require("rm", "-r", store.folder.text("out/usr/lib"))
        try await store.export([image], "type=local,dest=fresh")
        try await FileTrees.requireEqual(store.folder("out"), store.folder("fresh"), times: false)
        #expect(try store.folder.names("out").allSatisfy { !$0.hasPrefix(".reel") })
        // Once more over itself changes nothing.
        try await store.export([image], "type=local,dest=out")
        try await FileTrees.requireEqual(store.folder("out"), store.folder("fresh"), times: true)
    }

    @Test("never follows a symbolic link of the destination", arguments: ["dir", "usr", "usr/bin", "first"])
    func escape(name: String) async throws {
        let store = try SampleStore()
        let image = store.image(try store.everyKind())
        try await Program.require("mkdir", "-p", store.folder.text("outside"), store.folder.text("out/usr"))
        try await Program.require("rm", "-rf", store.folder.text("out/\(name)"))
        try await Program.require("ln", "-s", store.folder.text("outside"), store.folder.text("out/\(name)"))
        try await store.export([image], "type=local,dest=out")
        #expect(try store.folder.names("outside") == [])
        try await store.export([image], "type=local,dest=fresh")
        try await FileTrees.requireEqual(store.folder("out"), store.folder("fresh"), times: false)
    }

    @Test("writes through a link that is the destination itself, which the person chose")
    func destinationLink() async throws {
        let store = try SampleStore()
        try await Program.require("mkdir", store.folder.text("real"))
        try await Program.require("ln", "-s", "real", store.folder.text("out"))
        try await store.export([store.image(try store.everyKind())], "type=local,dest=out")
        #expect(store.folder.contains("real/usr/bin/sudo"))
    }

    @Test("leaves the destination as it was when it fails")
    func failure() async throws {
        let store = try SampleStore()
        let snapshot = try store.everyKind()
        let image = store.image(snapshot)
        _ = try store.layers.view(snapshot)  // so that the index is there
        let lower = try #require(snapshot.layers.first)
        let blob = try FileDescriptor.open(store.layers.blobs.path(lower), .readWrite)
        try blob.closeAfter { try blob.resize(to: 600) }
        try await Program.require("mkdir", store.folder.text("there"))
        await #expect(throws: (any Error).self) { try await store.export([image], "type=local,dest=new/sub") }
        await #expect(throws: (any Error).self) { try await store.export([image], "type=local,dest=there") }
        #expect(!store.folder.contains("new"))
        #expect(try store.folder.names("there") == [])
    }

    @Test("stops when it is cancelled, and leaves nothing")
    func cancellation() async throws {
        let store = try SampleStore()
        let layer = try store.layer { layer in
            for number in 10_000..<20_000 {
                let name = "f\(number)".bytes
                try layer.file(
                    name,
                    SampleStore.attributes(.regular, 0o644),
                    size: 5,
                    content: .bytes(Array(name.dropLast()))
                )
            }
        }
        let image = store.image(Snapshot(layers: [layer]))
        let export = Task { try await store.export([image], "type=local,dest=new") }
        try await Offload.run {
            while try !store.folder.contains("new") || store.folder.names("new").isEmpty { usleep(1000) }
            export.cancel()
        }
        await #expect(throws: CancellationError.self) { try await export.value }
        #expect(!store.folder.contains("new"))
    }

    @Test("takes no longer than cp -a does, and a tenth", .enabled(if: isOptimised, "a debug build is slower"))
    func speed() async throws {
        let store = try SampleStore()
        let files = 20_000
        let layer = try store.layer { layer in
            for folder in 100..<(100 + files / 100) {
                try layer.directory("d\(folder)".bytes, SampleStore.attributes(.directory, 0o755))
                for file in 100..<200 {
                    let content = String(repeating: "\(folder) \(file) ", count: file).bytes
                    try layer.file(
                        "d\(folder)/f\(file)".bytes,
                        SampleStore.attributes(.regular, 0o644),
                        size: Int64(content.count),
                        content: .bytes(content)
                    )
                }
            }
        }
        let image = store.image(Snapshot(layers: [layer]))
        try await store.export([image], "type=local,dest=source")
        var pairs: [(ours: Duration, theirs: Duration)] = []
        // Other work on the machine disturbs single measurements, so a bad one is repeated.
        for round in 0..<3 where !pairs.contains(where: { $0.ours <= $0.theirs * 1.1 }) {
            let ours = try await ContinuousClock().measure {
                try await store.export([image], "type=local,dest=ours\(round)")
            }
            let theirs = try await ContinuousClock().measure {
                try await Program.require(
                    "cp",
                    "-a",
                    store.folder.text("source"),
                    store.folder.text("theirs\(round)")
                )
            }
            pairs.append((ours, theirs))
        }
        #expect(pairs.contains { $0.ours <= $0.theirs * 1.1 }, "\(pairs)")
    }

    @Test("keeps directories that their owner may not write to")
    func readOnlyFolders() async throws {
        let store = try SampleStore()
        let layer = try store.layer { layer in
            try layer.directory("locked".bytes, SampleStore.attributes(.directory, 0o555))
            try layer.directory("locked/inner".bytes, SampleStore.attributes(.directory, 0o500))
            try layer.file(
                "locked/inner/file".bytes,
                SampleStore.attributes(.regular, 0o400),
                size: 1,
                content: .bytes("x".bytes)
            )
        }
        try await store.export([store.image(Snapshot(layers: [layer]))], "type=local,dest=out")
        let modes = try await Program.require(
            "find",
            store.folder.text("out/locked"),
            "-printf",
            "%P %m %Ts\n"
        )
        let time = SampleStore.epoch.seconds
        try await Program.require("chmod", "-R", "u+w", store.folder.text("out"))
        #expect(
            Set(modes.split(separator: "\n")) == [" 555 \(time)", "inner 500 \(time)", "inner/file 400 \(time)"]
        )
    }
}
