// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import Sandbox
import SystemPackage
import Testing

/// Everything here runs with both drivers, and both must give the same DiffIDs.
@Suite struct MountedRootTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let command: String
        let entries: [String]
        var testDescription: String { name }
    }

    /// What a command changes of busybox's root over `tree`, and the layer that says so.
    static let cases: [Case] = [
        Case(name: "nothing", command: "true", entries: []),
        Case(name: "reading", command: "cat /t/* /t/d/* 2>/dev/null | wc -c", entries: []),
        Case(
            name: "a new file",
            command: "echo hi >/t/new",
            entries: ["directory 755 0:0 t", "regular 644 0:0 t/new 3"]
        ),
        Case(
            name: "byte order of whole paths",
            command: "mkdir /o /o/a; touch /o/a/x /o/a.b /o/a-b '/o/a b' /o/ab",
            entries: [
                "directory 755 0:0 o", "directory 755 0:0 o/a", "regular 644 0:0 o/a b 0", "regular 644 0:0 o/a-b 0",
                "regular 644 0:0 o/a.b 0", "regular 644 0:0 o/a/x 0", "regular 644 0:0 o/ab 0",
            ]
        ),
        Case(
            name: "a removed file and directory",
            command: "rm /t/file; rm -r /t/d",
            entries: ["directory 755 0:0 t", "whiteout t/d", "whiteout t/file"]
        ),
        Case(name: "made and removed again", command: "touch /t/x; rm /t/x; mkdir /t/y; rmdir /t/y", entries: []),
        Case(
            name: "copied up but equal",
            command: "chmod 600 /t/file; chmod 644 /t/file; touch -d @100000 /t/d/other",
            entries: []
        ),
        Case(
            name: "a later time than the epoch makes no difference",
            command: "touch /t/d/inner /t/link-a",
            entries: []
        ),
        Case(
            name: "an earlier time does",
            command: "touch -d @5 /t/d/inner",
            entries: ["directory 755 0:0 t", "directory 755 0:0 t/d", "regular 644 0:0 t/d/inner 6"]
        ),
        Case(
            name: "a changed mode",
            command: "chmod 4711 /t/file",
            entries: ["directory 755 0:0 t", "regular 4711 0:0 t/file 5"]
        ),
        Case(
            name: "a changed directory mode",
            command: "chmod 700 /t/d",
            entries: ["directory 755 0:0 t", "directory 700 0:0 t/d"]
        ),
        Case(name: "equal contents written again", command: "cat /t/file >/n; cat /n >/t/file; rm /n", entries: []),
        Case(
            name: "other contents of the same length",
            command: "echo text >/t/file; echo tixt >/t/file",
            entries: ["directory 755 0:0 t", "regular 644 0:0 t/file 5"]
        ),
        Case(
            name: "a directory in the place of a file",
            command: "rm /t/file; mkdir /t/file; touch /t/file/x",
            entries: ["directory 755 0:0 t", "directory 755 0:0 t/file", "regular 644 0:0 t/file/x 0"]
        ),
        Case(
            name: "a file in the place of a directory",
            command: "rm -r /t/d; echo d >/t/d",
            entries: ["directory 755 0:0 t", "regular 644 0:0 t/d 2"]
        ),
        Case(
            name: "a directory emptied and filled again",
            command: "rm -r /t/d; mkdir -p /t/d/sub; echo new >/t/d/inner; touch /t/d/more",
            entries: [
                "directory 755 0:0 t", "directory 755 0:0 t/d", "regular 644 0:0 t/d/inner 4",
                "regular 644 0:0 t/d/more 0", "whiteout t/d/other",
            ]
        ),
        Case(
            name: "a directory removed and made again as it was",
            command: "cp -a /t/d /k; rm -r /t/d; mv /k /t/d",
            entries: []
        ),
        Case(
            name: "a renamed directory",
            command: "mv /t/d /t/e",
            entries: [
                "directory 755 0:0 t", "whiteout t/d", "directory 755 0:0 t/e", "regular 644 0:0 t/e/inner 6",
                "regular 644 0:0 t/e/other 6", "directory 755 0:0 t/e/sub",
            ]
        ),
        Case(
            name: "a link to a file below",
            command: "ln /t/file /t/hard",
            entries: ["directory 755 0:0 t", "regular 644 0:0 t/file 5", "regular 644 0:0 t/hard 5"]
        ),
        Case(
            name: "symbolic links",
            command: "ln -s ../x /t/s; ln -sfn other /t/soft",
            entries: [
                "directory 755 0:0 t", "symbolicLink 777 0:0 t/s -> ../x", "symbolicLink 777 0:0 t/soft -> other",
            ]
        ),
        Case(
            name: "pipes and devices",
            command: "mkfifo -m 600 /t/p; mknod -m 660 /t/c c 1 7; mknod /t/b b 7 9",
            entries: [
                "directory 755 0:0 t", "blockDevice 644 0:0 t/b", "characterDevice 660 0:0 t/c", "fifo 600 0:0 t/p",
            ]
        ),
        Case(
            name: "owners",
            command: "touch /t/u; chown 12:34 /t/u; chown -h 5:6 /t/soft",
            entries: ["directory 755 0:0 t", "symbolicLink 777 5:6 t/soft -> file", "regular 644 12:34 t/u 0"]
        ),
        Case(
            name: "names of any bytes",
            command: #"touch "$(printf '/t/\377\nx')""#,
            entries: ["directory 755 0:0 t", "regular 644 0:0 t/\u{FFFD}\nx 0"]
        ),
        Case(name: "the root's own mode", command: "chmod 700 /", entries: []),
    ]

    private func tree(_ bench: Bench) throws -> ContentDigest {
        try bench.layer { writer in
            let directory = FileAttributes(kind: .directory, mode: 0o755, modified: Timestamp(seconds: 100_000))
            let file = FileAttributes(kind: .regular, mode: 0o644, modified: Timestamp(seconds: 315_532_800))
            let old = FileAttributes(kind: .regular, mode: 0o644, modified: Timestamp(seconds: 100_000))
            try writer.directory(Array("t".utf8), directory)
            try writer.directory(Array("t/d".utf8), directory)
            try writer.file(Array("t/d/inner".utf8), file, size: 6, content: .bytes(Array("inner\n".utf8)))
            try writer.file(Array("t/d/other".utf8), old, size: 6, content: .bytes(Array("other\n".utf8)))
            try writer.directory(Array("t/d/sub".utf8), directory)
            try writer.file(Array("t/file".utf8), file, size: 5, content: .bytes(Array("text\n".utf8)))
            try writer.file(Array("t/link-a".utf8), file, size: 2, content: .bytes(Array("l\n".utf8)))
            try writer.hardLink(Array("t/link-b".utf8), to: Array("t/link-a".utf8))
            let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
            try writer.symbolicLink(Array("t/soft".utf8), link, target: Array("file".utf8))
        }
    }

    @Test func bothDriversGiveTheLayerThatIsExpected() async throws {
        let bench = try Bench()
        let snapshot = bench.base.appending(try tree(bench))
        // An ordinary user can make no devices.
        for one in Self.cases where Bench.isRoot || !one.command.contains("mknod -m") {
            var layers: [ContentDigest] = []
            for name in Bench.driverNames {
                let layer = try await bench.layer(of: one.command, on: snapshot, driver: name)
                // fuse-overlayfs gives a directory in which it copies something up a new time: seen where the old one is
                // before the epoch, as here.
                if name != "fuse-overlayfs" { layers.append(layer.diffID) }
                // The root directory alone is no line of the listing.
                let listing = try bench.listing(layer.diffID)
                #expect(listing == one.entries, "\(one.name), \(name)")
            }
            #expect(Set(layers).count == 1, "\(one.name): the drivers differ")
        }
    }

    @Test(arguments: Bench.driverNames) func theNextStepSeesWhatWasCommitted(_ name: String) async throws {
        let bench = try Bench()
        var snapshot = bench.base.appending(try tree(bench))
        // fuse-overlayfs gives a directory that it copies up a time of its own.
        let time = name == "fuse-overlayfs" ? "" : "%Y"
        let look =
            "cd /t; find . | sort | while read f; do stat -c '%n %F %a %u:%g \(time)' $f; done; cat file d/* 2>/dev/null"
        for command in [
            "rm -r /t/d; mkdir /t/d; echo 1 >/t/d/a", "ln /t/file /t/hard; rm /t/soft", "rm -r /t/d /t/hard",
        ] {
            let mounted = try bench.driver(name).mount(snapshot, writable: true)
            let before = try await bench.run("\(command); \(look)", in: mounted)
            snapshot.append(try mounted.commit(timestamps: .keep).diffID)
            let after = try await bench.run(look, in: bench.driver(name).mount(snapshot, writable: true))
            // Times of directories may differ where nothing in them is part of the layer.
            #expect(before.output == after.output, "\(command)")
        }
    }

    @Test func theViewAgreesWithTheMount() async throws {
        let bench = try Bench()
        var snapshot = bench.base.appending(try tree(bench))
        // One after the other, so that some of them can't work.
        for command in Self.cases.map({ "{ \($0.command); } 2>/dev/null; true" }) {
            let layer = try await bench.layer(of: command, on: snapshot, driver: Bench.driverNames[0])
            let other = try await bench.layer(of: "\(command) # again", on: snapshot, driver: "directory")
            #expect(layer == other, "\(command)")
            if !layer.isEmpty { snapshot.append(layer.diffID) }
        }
        let mounted = try bench.driver.mount(snapshot, writable: false)
        let ran = try await bench.run(
            "find / -xdev | grep -v '^/$' | sort",
            in: bench.driver.mount(snapshot, writable: true)
        )
        let view = try bench.store.view(snapshot)
        var paths: [String] = []
        try view.walk(from: view.root) { entry in
            if !entry.path.isEmpty { paths.append("/" + String(decoding: entry.path, as: UTF8.self)) }
            return .descend
        }
        let made = ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/resolv.conf"]
        let seen = ran.output.split(separator: "\n").map(String.init).filter { !made.contains($0) }
        #expect(seen.sorted() == paths.flatMap { $0.split(separator: "\n").map(String.init) }.sorted())
        #expect(!mounted.isWritable)
    }

    @Test(arguments: Bench.driverNames) func sparseFilesAndAttributesSurvive(_ name: String) throws {
        let bench = try Bench()
        let mounted = try bench.driver(name).mount(bench.base, writable: true)
        let path = mounted.path.appending("sparse")
        let file = try FileDescriptor.open(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        _ = try file.writeAll(toAbsoluteOffset: 4 << 30, Array("end".utf8))
        _ = try file.writeAll(toAbsoluteOffset: 1 << 20, Array("middle".utf8))
        for (key, value) in [("user.comment", "héllo"), ("user.overlay.mine", "dropped")] {
            _ = unsafe setxattr(path.string, key, value, value.utf8.count, 0)
        }
        // cap_net_raw=ep, version 2.
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + [UInt8](repeating: 0, count: 12)
        #expect(unsafe setxattr(path.string, "security.capability", capability, capability.count, 0) == 0)
        try file.close()
        let layer = try mounted.commit(timestamps: .default)
        try mounted.unmount()
        #expect(layer.size > 4 << 30)
        var status = stat()
        #expect(unsafe stat(bench.store.blobs.path(layer.diffID).string, &status) == 0)
        #expect(status.st_blocks * 512 < 1 << 20, "the holes are holes in the blob")
        let again = try bench.driver(name).mount(bench.base.appending(layer.diffID), writable: true)
        let copy = try FileDescriptor.open(again.path.appending("sparse"), .readOnly)
        var buffer = [UInt8](repeating: 0, count: 6)
        _ = try unsafe buffer.withUnsafeMutableBytes { try unsafe copy.read(fromAbsoluteOffset: 1 << 20, into: $0) }
        #expect(buffer == Array("middle".utf8))
        try copy.close()
        let view = try bench.store.view(bench.base.appending(layer.diffID))
        let entry = try #require(try view.entry(at: Array("sparse".utf8)))
        #expect(
            entry.attributes.xattrs.map { String(decoding: $0.name, as: UTF8.self) } == [
                "security.capability", "user.comment",
            ]
        )
        #expect(try again.commit(timestamps: .default).isEmpty)
    }

    @Test(arguments: Bench.driverNames) func deepStacksMount(_ name: String) async throws {
        let bench = try Bench()
        var snapshot = bench.base
        for number in 0..<130 {
            snapshot.append(
                try bench.layer { writer in
                    try writer.directory(Array("s".utf8), FileAttributes(kind: .directory, mode: 0o755))
                    if number % 10 == 9 { try writer.whiteout(Array("s/f\(number - 5)".utf8)) }
                    try writer.text("s/f\(number)", "\(number)\n")
                    try writer.text("s/last", "\(number)\n")
                }
            )
        }
        let mounted = try bench.driver(name).mount(snapshot, writable: true)
        let ran = try await bench.run("ls /s | wc -l; cat /s/last; cat /s/f* | md5sum; rm /s/f0", in: mounted)
        #expect(ran.output.hasPrefix("118\n129\n"), "\(ran)")
        #expect(
            try bench.listing(mounted.commit(timestamps: .default).diffID) == ["directory 755 0:0 s", "whiteout s/f0"]
        )
    }

    @Test func rootsOfScratchWork() throws {
        let bench = try Bench()
        for name in Bench.driverNames {
            let mounted = try bench.driver(name).mount(.scratch, writable: true)
            #expect(unsafe mkdir(mounted.path.appending("d").string, 0o755) == 0)
            let layer = try mounted.commit(timestamps: .default)
            #expect(try bench.listing(layer.diffID) == ["directory 755 0:0 d"])
            try mounted.unmount()
            try mounted.unmount()
            #expect(throws: MountError.notWritable) { try mounted.commit(timestamps: .default) }
        }
    }

    @Test func deepTreesAreCommittedAndRemoved() throws {
        let bench = try Bench()
        let mounted = try bench.driver.mount(bench.base, writable: true)
        var path = mounted.path
        for _ in 0..<300 {
            path.append("dddddddd")
            #expect(unsafe mkdir(path.string, 0o755) == 0)
        }
        #expect(try mounted.commit(timestamps: .default).entries == 300)
        try mounted.unmount()
        #expect(unsafe access(mounted.path.removingLastComponent().string, F_OK) != 0)
    }
}
