// SPDX-License-Identifier: Apache-2.0

import BuildModel
import Glibc
import Layers
import SystemPackage
import Testing

@testable import Audit

@Suite("The comparison of two layers")
final class LayerComparisonTests {
    private let folder: String
    private let store: LayerStore
    private let other: LayerStore

    init() throws {
        var template = Array("/tmp/reel-test-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw SystemCallError("mkdtemp", "/tmp") }
        folder = unsafe String(cString: made)
        store = try LayerStore(root: FilePath(folder + "/then"))
        other = try LayerStore(root: FilePath(folder + "/now"))
    }

    deinit { _ = unsafe system("rm -rf '\(folder)'") }

    /// An entry of a test layer.
    private struct Entry {
        var path: String
        var attributes = FileAttributes(kind: .regular, mode: 0o644)
        var text = ""
        var target = ""
    }

    private func layer(_ entries: [Entry], in store: LayerStore) throws -> ContentDigest {
        let writer = try store.writer(timestamps: .keep)
        for entry in entries {
            let path = Array(entry.path.utf8)
            switch entry.attributes.kind {
            case .directory: try writer.directory(path, entry.attributes)
            case .symbolicLink: try writer.symbolicLink(path, entry.attributes, target: Array(entry.target.utf8))
            case .whiteout: try writer.whiteout(path)
            default:
                let bytes = Array(entry.text.utf8)
                try writer.file(path, entry.attributes, size: Int64(bytes.count), content: .bytes(bytes))
            }
        }
        return try writer.finish().diffID
    }

    private func compare(_ then: [Entry], _ now: [Entry], limit: Int = 100) throws -> LayerComparison {
        try LayerComparison(
            layer(then, in: store),
            in: store,
            with: layer(now, in: other),
            in: other,
            suspects: SuspectFinder(
                then: Timestamp(seconds: 1_785_585_600),
                now: Timestamp(seconds: 1_785_589_200),
                command: "",
                hosts: []
            ),
            limit: limit
        )
    }

    private static let link = FileAttributes(kind: .symbolicLink, mode: 0o777)
    private static let folderAttributes = FileAttributes(kind: .directory, mode: 0o755)

    /// One change of a file `f`, and the one field that must be told.
    @Test("A single change is told as exactly its field", arguments: FieldDifference.Field.allCases)
    func single(_ field: FieldDifference.Field) throws {
        var old = Entry(path: "f", text: "hello\n")
        var new = old
        var fields = [field]
        switch field {
        case .mode: new.attributes.mode = 0o664
        case .uid: new.attributes.uid = 7
        case .gid: new.attributes.gid = 8
        case .time: new.attributes.modified = Timestamp(seconds: 9)
        case .xattr: new.attributes.xattrs = [ExtendedAttribute(name: Array("user.a".utf8), value: [0x62])]
        case .content: new.text = "hallo\n"
        case .size:
            new.text = "hello you\n"
            fields = [.size, .content]
        case .kind: new = Entry(path: "f", attributes: Self.link, target: "g")
        case .linkTarget:
            old = Entry(path: "f", attributes: Self.link, target: "a")
            new = Entry(path: "f", attributes: Self.link, target: "b")
        case .missing:
            let found = try compare([old], [])
            #expect(found.differences.map(\.path) == ["f"] && found.differences[0].fields.map(\.field) == fields)
            return
        case .extra:
            let found = try compare([], [new])
            #expect(found.differences.map(\.path) == ["f"] && found.differences[0].fields.map(\.field) == fields)
            return
        // Made by other writers only, or tested below.
        case .device, .links, .opaque, .order, .encoding: return
        }
        let found = try compare([old], [new])
        #expect(found.count == 1)
        #expect(found.differences.map(\.path) == ["f"])
        #expect(found.differences[0].fields.map(\.field) == fields)
    }

    @Test("Of text, the offset and the lines that differ are told")
    func text() throws {
        let found = try compare(
            [Entry(path: "f", text: "one\ntwo\nthree\n")],
            [Entry(path: "f", text: "one\n2\nthree\n")]
        )
        let content = try #require(found.differences.first?.fields.last)
        #expect(content.field == .content)
        #expect(content.offset == 4)
        #expect(content.diff == ["-two", "+2"])
    }

    @Test("Of a long file the first difference is found and only its surroundings are read")
    func long() throws {
        let body = String(repeating: "0123456789abcdef", count: 200_000)
        let found = try compare(
            [Entry(path: "f", text: body + "x" + body)],
            [Entry(path: "f", text: body + "y" + body)]
        )
        let content = try #require(found.differences.first?.fields.first)
        #expect(content.offset == 3_200_000)
        #expect(content.diff.isEmpty)
    }

    @Test("A directory that one side has alone is one difference, and equal trees are none")
    func folders() throws {
        let tree = [
            Entry(path: "a", attributes: Self.folderAttributes), Entry(path: "a/x", text: "1"),
            Entry(path: "a/y", text: "2"), Entry(path: "b", text: "3"),
        ]
        let found = try compare(tree, [tree[3]])
        #expect(found.differences.map(\.path) == ["a"])
        #expect(try compare(tree, tree).count == 0)
    }

    @Test("Random names in place of each other are suspected")
    func names() throws {
        let found = try compare([Entry(path: "tmp.aB3xYz", text: "1")], [Entry(path: "tmp.Q9rT2w", text: "1")])
        #expect(found.count == 2)
        #expect(found.differences.allSatisfy { $0.fields[0].suspicions.map(\.suspect) == [.random] })
    }

    @Test("A deletion is an entry like any other")
    func deletions() throws {
        let gone = Entry(path: "f", attributes: FileAttributes(kind: .whiteout, mode: 0))
        let found = try compare([gone], [Entry(path: "g", text: "")])
        #expect(found.differences.map { $0.fields[0].then } == ["deletion", ""])
    }

    @Test("Beyond the limit, paths are counted")
    func limit() throws {
        let old = (0..<20).map { Entry(path: "f\($0 + 10)", text: "a") }
        let new = (0..<20).map { Entry(path: "f\($0 + 10)", text: "b") }
        let found = try compare(old, new, limit: 5)
        #expect(found.count == 20)
        #expect(found.differences.count == 5)
    }

    @Test("Equal trees in another order are told as such")
    func order() throws {
        var stored: [ContentDigest] = []
        for (names, store) in [("a b", store), ("b a", other)] {
            let script = """
                cd '\(folder)'; rm -rf t; mkdir t; cd t; echo 1 >a; echo 1 >b
                tar --format=posix --pax-option=delete=atime,delete=ctime --mtime=@9 --owner=0 --group=0 \
                --numeric-owner -cf ../t.tar \(names)
                """
            try #require(unsafe system(script) == 0)
            let file = try FileDescriptor.open(FilePath(folder + "/t.tar"), .readOnly)
            stored.append(try file.closeAfter { try store.importLayer(from: file).diffID })
        }
        let finder = SuspectFinder(then: Timestamp(seconds: 0), now: Timestamp(seconds: 0), command: "", hosts: [])
        let found = try LayerComparison(stored[0], in: store, with: stored[1], in: other, suspects: finder)
        #expect(found.differences.first?.fields.map(\.field) == [.order])
        #expect(found.differences.first?.fields.first?.suspicions.map(\.suspect) == [.fileOrder])
    }
}
