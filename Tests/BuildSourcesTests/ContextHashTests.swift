// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Layers
import SystemPackage
import Testing

@testable import BuildSources

@Suite("Context hashes")
struct ContextHashTests {
    /// The text of each format, or its refusal.
    private func hashes(
        _ folder: ContextFolder,
        _ formats: [ContextHashFormat] = ContextHashFormat.allCases,
        modes: ContextModes = .git
    ) throws -> [ContextHashFormat: String] {
        let manifest = try folder.plainReader.read(root: folder.tree).manifest
        let contents = try DirectoryContents(root: folder.tree)
        return try ContextHash.compute(formats, of: manifest, contents: contents, modes: modes).mapValues { outcome in
            switch outcome {
            case .success(let value): value.text
            case .failure(let refusal): refusal.description
            }
        }
    }

    @Test("500 generated trees agree with git, GNU tar, sha256sum and a reference in Python")
    func generated() throws {
        let folder = try ContextFolder(inMemory: true)
        try shell(
            "printf '%s' \"$SCRIPT\" > '\(folder.path)/reference.py'",
            environment: ["SCRIPT": ReferenceScripts.python]
        )
        try shell(
            "printf '%s' \"$SCRIPT\" > '\(folder.path)/reference.sh'",
            environment: ["SCRIPT": ReferenceScripts.shell]
        )
        var random = TreeGenerator(state: 2026)
        var ours: [String] = []
        for number in 0..<500 {
            let name = "t\(number)"
            try folder.directory(name)
            try random.fill(folder, below: name)
            let root = folder.tree.appending(name)
            let manifest = try folder.plainReader.read(root: root).manifest
            let contents = try DirectoryContents(root: root)
            let outcomes = try ContextHash.compute(ContextHashFormat.allCases, of: manifest, contents: contents)
            let kept = try ContextHash.compute([.tar, .buildkit], of: manifest, contents: contents, modes: .keep)
            func text(_ format: ContextHashFormat, _ outcomes: [ContextHashFormat: ContextHash.Outcome]) -> String {
                (try? outcomes[format]?.get())?.text ?? "refused"
            }
            for format in ContextHashFormat.allCases {
                ours.append("\(name) \(format.rawValue) \(text(format, outcomes))")
            }
            ours.append("\(name) tar-kept \(text(.tar, kept))")
            ours.append("\(name) buildkit-kept \(text(.buildkit, kept))")
        }
        let environment = ["TAR": ReferenceScripts.tar, "MODES": ReferenceScripts.gitModes]
        let printed = String(
            decoding: try shell("cd '\(folder.tree)' && sh -eu ../reference.sh", environment: environment),
            as: UTF8.self
        )
        let theirs = Set(printed.split(separator: "\n").map(String.init))
        #expect(theirs.count == 500 * 9)
        let missing = ours.filter { !theirs.contains($0) }
        for line in missing.prefix(10) {
            let key = line.split(separator: " ").prefix(2).joined(separator: " ") + " "
            Issue.record("ours: \(line)\ntheirs: \(theirs.first { $0.hasPrefix(key) } ?? "nothing")")
        }
        #expect(missing.isEmpty)
        #expect(ours.count { $0.hasSuffix("refused") } < 700)
    }

    @Test("A sparse file of 4 GB agrees too")
    func sparse() throws {
        let folder = try ContextFolder(inMemory: true)
        try folder.sparse("hole", size: 4 << 30)
        try folder.file("small", "s")
        let ours = try hashes(folder, [.tar])
        let tar = try String(
            decoding: shell(
                "cd '\(folder.tree)' && printf 'hole\\0small\\0' | \(ReferenceScripts.tar) \(ReferenceScripts.gitModes) --null -T - | sha256sum"
            ),
            as: UTF8.self
        ).prefix(64)
        #expect(ours[.tar] == String(tar))
    }

    @Test("Known values")
    func known() throws {
        let folder = try ContextFolder()
        let empty = try hashes(folder)
        #expect(empty[.gitTree] == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
        #expect(empty[.gitTreeSHA256] == "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321")
        #expect(empty[.h1] == "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(empty[.sha256sums] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        // `nix hash path` of an empty folder.
        #expect(empty[.nar] == "sha256-pQpattmS9VmO3ZIQUFn66az8GSmB4IvYhTTCFn6SUmo=")
    }

    @Test("What a format can't carry is refused by that format alone, by name")
    func refusals() throws {
        let folder = try ContextFolder()
        try folder.directory("sub")
        try folder.file("sub/.GIT", "x")
        try folder.file("line\nfeed", "y")
        try folder.link("out", to: "/etc/passwd")
        let outcomes = try hashes(folder)
        #expect(outcomes[.gitTree]?.contains("git-tree can't carry 'sub/.GIT'") == true)
        #expect(outcomes[.gitTreeSHA256]?.contains("'sub/.GIT'") == true)
        #expect(outcomes[.h1]?.contains("'line\nfeed'") == true)
        #expect(outcomes[.sha256sums]?.contains("'out'") == true)
        for format in [ContextHashFormat.nar, .tar, .buildkit] { #expect(outcomes[format]?.contains("carry") == false) }
    }

    @Test("The repository's own folder is no part of its tree")
    func repository() throws {
        let folder = try ContextFolder()
        try folder.file("f", "f")
        let before = try hashes(folder, [.gitTree])
        try shell("cd '\(folder.tree)' && git init -q . && git add -A")
        #expect(try hashes(folder, [.gitTree]) == before)
        let tree = try String(decoding: shell("cd '\(folder.tree)' && git write-tree"), as: UTF8.self).dropLast()
        #expect(before[.gitTree] == String(tree))
    }

    @Test("A stored layer gives the same hashes as the folder")
    func layer() throws {
        let folder = try ContextFolder()
        var random = TreeGenerator(state: 7)
        for name in ["one", "two"] {
            try folder.directory(name)
            try random.fill(folder, below: name)
        }
        try folder.file(Array("big".utf8), [UInt8](repeating: 7, count: 3 << 20))
        let store = try LayerStore(root: folder.data)
        let context = try LocalContextReader(layers: store, statDirectory: nil).read(root: folder.tree)
        let view = try store.view(try #require(context.snapshot))
        let formats = ContextHashFormat.allCases
        let stored = try ContextHash.compute(formats, of: context.manifest, contents: LayerContents(view: view))
        let direct = try ContextHash.compute(
            formats,
            of: context.manifest,
            contents: try DirectoryContents(root: folder.tree)
        )
        #expect(stored == direct)
    }

    @Test("Contents that are not the manifest's are an error")
    func mismatch() throws {
        let folder = try ContextFolder()
        try folder.file("f", "before")
        let manifest = try folder.plainReader.read(root: folder.tree).manifest
        try folder.file("f", "after!")
        let contents = try DirectoryContents(root: folder.tree)
        #expect(throws: ContextError.self) { try ContextHash.compute([.gitTree], of: manifest, contents: contents) }
    }

    @Test("Differences are named with what differs")
    func differences() throws {
        let folder = try ContextFolder()
        for (name, text) in [("same", "s"), ("mode", "m"), ("text", "t"), ("gone", "g"), ("kind", "k"), ("one", "1")] {
            try folder.file(name, text)
        }
        try folder.file("two", "1")
        try folder.link("link", to: "a")
        let before = try folder.plainReader.read(root: folder.tree).manifest
        try shell(
            """
            cd '\(folder.tree)' && chmod 600 mode && printf T > text && rm gone && rm kind && mkdir kind && rm two
            ln one two && ln -sfn b link && touch new && chmod 600 new
            """
        )
        let after = try folder.plainReader.read(root: folder.tree).manifest
        let found = contextDiff(before, after).map {
            "\(ContextPath.text($0.path)) \($0.changes.map(\.rawValue).joined(separator: ","))"
        }
        #expect(
            found == [
                "gone removed", "kind kind", "link target", "mode mode", "new added", "text contents", "two links",
            ]
        )
        #expect(contextDiff(before, before).isEmpty)
        #expect(contextDiff(before, after).filter(\.isModeOnly).map { ContextPath.text($0.path) } == ["mode"])
        #expect(contextDiff(after, before).count == 7)
    }
}
