// SPDX-License-Identifier: Apache-2.0

import BuildModel
import CLinux
import Glibc
import Layers
import OCIModel
import PathPatterns
import Synchronization
import SystemPackage
import Testing

@testable import BuildSources

private func paths(_ context: LocalContext) -> [String] { context.manifest.entries.map { ContextPath.text($0.path) } }

/// One of everything that a context can hold.
private func fill(_ folder: ContextFolder) throws {
    try folder.directory("a")
    try folder.file("a/x", "x\n")
    try folder.file("a.b", "dot", mode: 0o755)
    try folder.file("a-b", "dash", mode: 0o4711)
    try folder.directory("empty", mode: 0o1777)
    try folder.link("link", to: "/nowhere/../at all")
    try folder.file([0x6E, 0xFF, 0x0A], [0, 1, 2])
    try folder.file("z", "z")
    try folder.hardLink(Array("a/z".utf8), to: Array("z".utf8))
    try folder.file("back\\slash", "")
}

@Suite("Local contexts")
struct LocalContextTests {
    @Test("The manifest lists everything in byte order of the paths")
    func manifest() throws {
        let folder = try ContextFolder()
        try fill(folder)
        let context = try folder.plainReader.read(root: folder.tree)
        #expect(
            paths(context) == ["a", "a-b", "a.b", "a/x", "a/z", "back\\\\slash", "empty", "link", "n\\xff\n", "z"]
        )
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let x = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"
        let lines = String(decoding: context.manifest.encoded, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(lines[0] == #"{"format":"reel.context","version":1}"#)
        #expect(lines[1] == #"{"mode":"0755","path":"a","type":"directory"}"#)
        #expect(lines[2].hasPrefix(#"{"mode":"4711","path":"a-b","sha256":""#))
        #expect(lines[4] == #"{"mode":"0644","path":"a/x","sha256":"\#(x)","size":2,"type":"file"}"#)
        #expect(lines[6] == #"{"mode":"0644","path":"back\\\\slash","sha256":"\#(empty)","size":0,"type":"file"}"#)
        #expect(lines[7] == #"{"mode":"1777","path":"empty","type":"directory"}"#)
        #expect(lines[8] == #"{"path":"link","target":"/nowhere/../at all","type":"symlink"}"#)
        #expect(lines[9].hasPrefix(#"{"mode":"0644","path":"n\\xff\n","#))
        #expect(lines[10] == #"{"path":"z","target":"a/z","type":"hardlink"}"#)
        #expect(context.digest == ContentDigest(of: context.manifest.encoded))
        #expect(context.files == 7)
        #expect(context.bytes == 13)
        #expect(try ContextManifest(parsing: context.manifest.encoded) == context.manifest)
    }

    @Test("Place, times and the order of making don't count; contents, names and modes do")
    func determinism() throws {
        let folder = try ContextFolder()
        try fill(folder)
        let other = try ContextFolder()
        try shell("cd '\(folder.tree)' && tar cf - --sort=none . | (cd '\(other.tree)' && tar xpf - --touch)")
        let options = LocalContextOptions()
        let first = try folder.reader().read(root: folder.tree, options: options)
        let second = try other.reader().read(root: other.tree, options: options)
        #expect(first.digest == second.digest)
        #expect(first.layer == second.layer)
        #expect(first.layer != nil)
        let changes: [(String, String)] = [
            ("chmod 600 a/x", "mode"), ("printf y > a/x", "contents"), ("mv a/x a/y", "name"), ("rm link", "removal"),
            ("rm z && printf z > z", "hard link"), ("ln -sfn elsewhere link", "target"), ("mkdir new", "folder"),
        ]
        var seen = [first.digest]
        for (command, what) in changes {
            try shell("cd '\(other.tree)' && \(command)")
            let changed = try other.reader().read(root: other.tree, options: options)
            #expect(!seen.contains(changed.digest), "\(what)")
            seen.append(changed.digest)
        }
    }

    @Test("Git's modes make a umask count for nothing")
    func modes() throws {
        let folder = try ContextFolder()
        try fill(folder)
        let options = LocalContextOptions(modes: .git)
        let before = try folder.reader().read(root: folder.tree, options: options)
        try shell("cd '\(folder.tree)' && chmod -R go-rwx . && chmod 2700 a")
        let after = try folder.reader().read(root: folder.tree, options: options)
        #expect(before.digest == after.digest)
        #expect(before.layer == after.layer)
        let kept = try folder.plainReader.read(root: folder.tree)
        #expect(kept.digest != after.digest)
        #expect(kept.manifest.with(modes: .git) == after.manifest)
    }

    @Test("The layer holds what the tree holds, with owner 0 and one time")
    func layer() throws {
        let folder = try ContextFolder()
        try fill(folder)
        try folder.sparse("hole", size: 64 << 20)
        try shell("cd '\(folder.tree)' && chown 12:34 a/x z && touch -d 2001-01-01 a.b")
        let store = try LayerStore(root: folder.data)
        let reader = LocalContextReader(layers: store, statDirectory: folder.stat)
        let context = try reader.read(root: folder.tree)
        let layer = try #require(context.layer)
        let view = try store.view(try #require(context.snapshot))
        for entry in context.manifest.entries {
            let found = try #require(try view.entry(at: entry.path), "\(ContextPath.text(entry.path))")
            #expect(found.attributes.uid == 0 && found.attributes.gid == 0)
            #expect(found.attributes.modified == Timestamp(seconds: TimestampPolicy.defaultEpoch))
            switch entry.content {
            case .directory: #expect(found.kind == .directory && found.attributes.mode == entry.mode)
            case .symbolicLink(let target): #expect(found.kind == .symbolicLink && found.linkTarget == target)
            case .file(let size, let digest):
                #expect(found.kind == .regular && found.size == size && found.attributes.mode == entry.mode)
                #expect(try view.contentDigest(of: found) == digest)
            case .hardLink(let target):
                #expect(try view.entry(at: target)?.identity == found.identity)
            }
        }
        #expect(try store.blobs.read(context.digest) == context.manifest.encoded)
        let tar = store.blobs.path(layer)
        #expect(try String(decoding: shell("du -k '\(tar)' | cut -f1"), as: UTF8.self).dropLast().count <= 3)
        #expect(try String(decoding: shell("tar tf '\(tar)' | wc -l"), as: UTF8.self) == "11\n")
    }

    @Test("Real times are kept where that is asked for")
    func keptTimes() throws {
        let folder = try ContextFolder()
        try folder.file("f", "f")
        try folder.age("f")
        let store = try LayerStore(root: folder.data)
        let reader = LocalContextReader(layers: store, statDirectory: folder.stat)
        let kept = try reader.read(root: folder.tree, options: LocalContextOptions(timestamps: .keep))
        let view = try store.view(try #require(kept.snapshot))
        #expect(try view.entry(at: Array("f".utf8))?.attributes.modified == Timestamp(seconds: 1_000_000_000))
        let clamped = try reader.read(root: folder.tree)
        #expect(clamped.digest == kept.digest)
        #expect(clamped.layer != kept.layer)
        try folder.age("f", seconds: 1_000_000_001)
        let touched = try reader.read(root: folder.tree, options: LocalContextOptions(timestamps: .keep))
        #expect(touched.layer != kept.layer)
    }

    @Test("Attributes are kept, those of the host are not")
    func attributes() throws {
        let folder = try ContextFolder()
        try folder.file("f", "f")
        try folder.directory("d")
        try shell(
            """
            cd '\(folder.tree)'
            python3 -c 'import os; os.setxattr("f", "user.b", b"\\0\\xff"); os.setxattr("f", "user.a", b"1")
            os.setxattr("d", "user.d", b""); os.setxattr("f", "trusted.x", b"no")'
            """
        )
        let reader = try folder.reader()
        for _ in 0..<2 {
            let context = try reader.read(root: folder.tree)
            let text = String(decoding: context.manifest.encoded, as: UTF8.self)
            #expect(text.contains(#""type":"file","xattrs":{"user.a":"31","user.b":"00ff"}}"#))
            #expect(text.contains(#""type":"directory","xattrs":{"user.d":""}}"#))
            #expect(!text.contains("trusted"))
            #expect(try ContextManifest(parsing: context.manifest.encoded) == context.manifest)
            waitForTrust()
        }
    }

    @Test("Sockets are left out and told, devices and pipes refused by name")
    func special() throws {
        let folder = try ContextFolder()
        try folder.file("f")
        try folder.directory("d")
        try shell("cd '\(folder.tree)' && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"d/s\")'")
        let context = try folder.reader().read(root: folder.tree)
        #expect(context.skipped == [SkippedEntry(path: "d/s", reason: "socket")])
        #expect(paths(context) == ["d", "f"])
        try shell("mkfifo '\(folder.tree)/d/p'")
        #expect(throws: ContextError.specialFile(path: "d/p", what: "named pipe")) {
            try folder.reader().read(root: folder.tree)
        }
        let ignoring = LocalContextOptions(ignore: try PatternList(["d/p"]))
        #expect(try paths(folder.reader().read(root: folder.tree, options: ignoring)) == ["d", "f"])
        try shell("cd '\(folder.tree)' && rm d/p && mknod n c 1 3")
        #expect(throws: ContextError.specialFile(path: "n", what: "character device")) {
            try folder.reader().read(root: folder.tree)
        }
    }

    @Test("A root that can't be read is one sentence")
    func roots() throws {
        let folder = try ContextFolder()
        try folder.file("f")
        let missing = folder.tree.appending("none")
        #expect(throws: ContextError.missing(missing.string)) { try folder.plainReader.read(root: missing) }
        let file = folder.tree.appending("f")
        #expect(throws: ContextError.notDirectory(file.string)) { try folder.plainReader.read(root: file) }
        try folder.link("here", to: ".")
        #expect(try folder.plainReader.read(root: folder.tree.appending("here")).files == 1)
    }

    @Test("A path of more than 4,096 bytes is read like any other")
    func depth() throws {
        let folder = try ContextFolder()
        try shell(
            """
            cd '\(folder.tree)' && python3 -c 'import os
            for i in range(800): os.mkdir("level"); os.chdir("level")
            open("file", "w").write("deep")'
            """
        )
        let context = try folder.plainReader.read(root: folder.tree)
        #expect(context.manifest.entries.count == 801)
        #expect(context.bytes == 4)
        #expect(context.manifest.entries.last?.path.count == 800 * 6 + 4)
    }

    // MARK: Filters

    @Test("Filters apply while walking, and unreadable folders that are ignored do no harm")
    func filters() throws {
        let folder = try ContextFolder()
        for name in ["keep", "node", "node/in", "a"] { try folder.directory(name) }
        for name in ["keep/k", "node/in/x", "node/in/y", "node/z", "a.b", "a/x", "a-b"] { try folder.file(name, name) }
        let reader = try folder.reader()
        func read(include: [String] = [], exclude: [String] = [], follow: [String] = []) throws -> [String] {
            try paths(
                reader.read(
                    root: folder.tree,
                    options: LocalContextOptions(include: include, exclude: exclude, followPaths: follow)
                )
            )
        }
        #expect(try read(exclude: ["node"]) == ["a", "a-b", "a.b", "a/x", "keep", "keep/k"])
        #expect(try read(exclude: ["node", "!node/in/x", "keep", "a*"]) == ["node", "node/in", "node/in/x"])
        #expect(try read(include: ["a/x", "a.b"]) == ["a", "a.b", "a/x"])
        #expect(try read(include: ["**/y"]) == ["node", "node/in", "node/in/y"])
        try folder.link("l", to: "node/in")
        #expect(try read(follow: ["l/x"]) == ["l", "node", "node/in", "node/in/x"])
        #expect(try read(follow: ["a?b"]) == ["a-b", "a.b"])
        #expect(throws: PatternError.self) { try read(exclude: ["[x"]) }
    }

    // MARK: Changes while reading

    @Test(
        "A file that changes while it is read is read again, and refused at the third time",
        arguments: [10, 3 << 20]
    )
    func changing(size: Int) throws {
        let folder = try ContextFolder()
        try folder.file(Array("f".utf8), [UInt8](repeating: 1, count: size))
        try folder.file("g", "g")
        let left = Mutex(2)
        let place = folder.tree.appending("f").string
        var reader = try folder.reader()
        reader.afterReading = { path in
            guard path == Array("f".utf8),
                left.withLock({
                    $0 -= 1; return $0 >= 0
                })
            else { return }
            _ = try? shell("printf more >> '\(place)'")
        }
        let context = try reader.read(root: folder.tree)
        #expect(context.bytes == Int64(size + 8 + 1))
        let entry = try #require(context.manifest.entry(at: Array("f".utf8)))
        let sum = try String(decoding: shell("sha256sum < '\(place)'"), as: UTF8.self).prefix(64)
        #expect(context.manifest.digest(of: entry)?.hex == String(sum))

        left.withLock { $0 = 100 }
        try folder.file("h", "h")
        try folder.file(Array("f".utf8), [UInt8](repeating: 2, count: size))
        #expect(throws: ContextError.changing("f")) { try reader.read(root: folder.tree) }
    }

    // MARK: Stat cache

    @Test("Nothing is read when nothing changed, and one file when one did")
    func cache() throws {
        let folder = try ContextFolder()
        try fill(folder)
        waitForTrust()
        let reader = try folder.reader()
        let first = try reader.read(root: folder.tree)
        #expect(first.filesRead == 6)
        let second = try reader.read(root: folder.tree)
        #expect(second.filesRead == 0)
        #expect(second.layer == first.layer && second.digest == first.digest)

        try folder.file("z", "Z")
        waitForTrust()
        let third = try reader.read(root: folder.tree)
        #expect(third.filesRead == 1)
        #expect(third.layer != first.layer)
        let fresh = try ContextFolder()
        #expect(try fresh.reader().read(root: folder.tree).layer == third.layer)

        try shell("touch '\(folder.tree)/a/x' && rm '\(folder.tree)/a.b'")
        waitForTrust()
        let fourth = try reader.read(root: folder.tree)
        #expect(fourth.filesRead == 1)
        #expect(try fresh.reader().read(root: folder.tree).layer == fourth.layer)
        let verified = try reader.read(root: folder.tree, options: LocalContextOptions(verify: true))
        #expect(verified.filesRead == 5)
        #expect(verified.layer == fourth.layer)
    }

    @Test("A change that size and times don't show is noticed all the same")
    func racilyClean() throws {
        let folder = try ContextFolder()
        let reader = try folder.reader()
        var digests: Set<ContentDigest> = []
        for round in 0..<50 {
            // Same length, and most often the same tick of the clock as the reading before.
            try folder.file("f", String(100 + round))
            digests.insert(try reader.read(root: folder.tree).digest)
        }
        #expect(digests.count == 50)
    }

    @Test("A damaged cache is ignored and made anew")
    func damage() throws {
        let folder = try ContextFolder()
        try fill(folder)
        waitForTrust()
        let reader = try folder.reader()
        let expected = try reader.read(root: folder.tree)
        let file = String(decoding: try shell("ls '\(folder.stat)'"), as: UTF8.self).dropLast()
        #expect(!file.contains("\n"), "one file for one root, and no draft left behind")
        let cache = "'\(folder.stat)/\(file)'"
        for command in [
            "truncate -s 40 \(cache)", "truncate -s 0 \(cache)", "printf x >> \(cache)", "truncate -s -1 \(cache)",
            "printf '\\377' | dd of=\(cache) bs=1 seek=100 conv=notrunc 2>/dev/null", "rm \(cache); mkdir \(cache)",
        ] {
            try shell(command)
            let again = try reader.read(root: folder.tree)
            #expect(again.filesRead == 6, "\(command)")
            #expect(again.layer == expected.layer)
            if command.contains("mkdir") { try shell("rmdir \(cache)") }
        }
        _ = try reader.read(root: folder.tree)
        #expect(try reader.read(root: folder.tree).filesRead == 0)
    }

    @Test("A layer that was removed is written again, and other filters keep the cache")
    func removedLayer() throws {
        let folder = try ContextFolder()
        try fill(folder)
        waitForTrust()
        let store = try LayerStore(root: folder.data)
        let reader = LocalContextReader(layers: store, statDirectory: folder.stat)
        let first = try reader.read(root: folder.tree)
        let layer = try #require(first.layer)
        let some = try reader.read(root: folder.tree, options: LocalContextOptions(exclude: ["a"]))
        #expect(some.filesRead == 1, "z is a file of its own when a/z is ignored")
        #expect(try reader.read(root: folder.tree).filesRead == 0)
        try store.blobs.remove(layer)
        try store.removeCaches(of: layer)
        let again = try LocalContextReader(layers: try LayerStore(root: folder.data), statDirectory: folder.stat)
            .read(root: folder.tree)
        #expect(again.layer == layer)
        #expect(store.contains(layer))
    }
}
