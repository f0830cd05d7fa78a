// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import PathPatterns
import SystemPackage
import Testing

@testable import BuildSources

@Suite("Contexts that are tars")
struct ArchiveContextTests {
    private func read(
        _ folder: ContextFolder,
        _ name: String,
        _ options: LocalContextOptions = LocalContextOptions()
    ) throws -> LocalContext {
        let file = try FileDescriptor.open(folder.path.appending(name), .readOnly)
        defer { try? file.close() }
        return try ArchiveContextReader(layers: try LayerStore(root: folder.data)).read(from: file, options: options)
    }

    private func fill(_ folder: ContextFolder) throws {
        try folder.directory("d", mode: 0o700)
        try folder.file("d/x", "x")
        try folder.file("d.e", "e", mode: 0o4755)
        try folder.file([0xFF], [1])
        try folder.file("z", "z")
        try folder.hardLink(Array("d/z".utf8), to: Array("z".utf8))
        try folder.link("l", to: "d/x")
        try folder.file(Array("big".utf8), [UInt8](repeating: 9, count: 2 << 20))
    }

    @Test(
        "A tar in any form is the same context as the directory",
        arguments: ["-cf", "-czf", "--zstd -cf", "--format=pax -cf"]
    )
    func forms(options: String) throws {
        let folder = try ContextFolder()
        try fill(folder)
        try shell("cd '\(folder.tree)' && tar --owner=5 --sort=none \(options) ../a.tar .")
        let archive = try read(folder, "a.tar")
        let direct = try folder.reader().read(root: folder.tree)
        #expect(archive.manifest == direct.manifest)
        #expect(archive.digest == direct.digest)
        #expect(archive.layer == direct.layer)
        #expect(archive.files == 6)
        let digests = try read(folder, "a.tar", LocalContextOptions(makesLayer: false))
        #expect(digests.digest == direct.digest && digests.layer == nil)
    }

    @Test("Patterns apply")
    func patterns() throws {
        let folder = try ContextFolder()
        try fill(folder)
        try shell("cd '\(folder.tree)' && tar cf ../a.tar .")
        let all: [LocalContextOptions] = [
            LocalContextOptions(exclude: ["d", "!d/z"]), LocalContextOptions(include: ["d/x", "z"]),
            LocalContextOptions(followPaths: ["l"]), LocalContextOptions(ignore: try PatternList(["*", "!d.e"])),
            LocalContextOptions(modes: .git),
        ]
        for options in all {
            let direct = try folder.reader().read(root: folder.tree, options: options)
            let archive = try read(folder, "a.tar", options)
            #expect(archive.manifest == direct.manifest)
            #expect(archive.layer == direct.layer)
        }
    }

    @Test("What is no context is refused")
    func refusals() throws {
        let folder = try ContextFolder()
        try shell(
            "cd '\(folder.tree)' && mkfifo p && tar cf ../p.tar p && rm p && touch .wh.x && tar cf ../w.tar .wh.x"
        )
        #expect(throws: ContextError.specialFile(path: "p", what: "named pipe")) { try read(folder, "p.tar") }
        #expect(throws: ContextError.self) { try read(folder, "w.tar") }
        try shell(
            "cd '\(folder.path)' && head -c 700 p.tar > short.tar && head -c 5000 /dev/zero | tr '\\0' x > text.tar"
        )
        #expect(throws: LayerError.self) { try read(folder, "text.tar") }
    }
}
