// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import LLB
import Layers
import OCIModel
import Testing

@Suite("New files, directories, links; removals; actions in a row")
struct MakingTests {
    let fixture: FileOperationFixture
    let base: Snapshot

    init() throws {
        fixture = try FileOperationFixture()
        base = try fixture.snapshot(
            "d a 700 @4:4",
            "f a/f 4755 old @6:7",
            "d a/d 755",
            "f a/d/x 644 X",
            "f a/d/y 644 Y",
            "l l a",
            "l dangling none",
            "l loop loop",
            "f top 644 T"
        )
    }

    @Test("What the layer has", arguments: 0..<MakingCases.cases.count)
    func layers(index: Int) throws {
        let (changes, expected) = MakingCases.cases[index]
        #expect(try fixture.listLayer(fixture.run(changes, on: [base])) == expected)
    }

    @Test("What can't be done, by name", arguments: 0..<MakingCases.refusals.count)
    func refusals(index: Int) {
        let (change, reason) = MakingCases.refusals[index]
        #expect(throws: FileOperationError(change.summary, reason)) { try fixture.run([change], on: [base]) }
    }

    @Test("A name that the accounts do not have is root's; so is every name where there are none")
    func unknownOwner() throws {
        let owner = Ownership(user: .name("nobody-here", operand: .input(0)), group: .name("none", operand: .input(0)))
        #expect(
            try fixture.listLayer(fixture.run([MakingCases.file("/n", "", owner: owner)], on: [base])) == ["f n 644 "]
        )
    }

    @Test("What is made in a directory whose group is inherited gets that group")
    func inheritedGroup() throws {
        let shared = try fixture.snapshot("d s 2775 @4:9")
        let changes = [
            MakingCases.directory("/s/d"), MakingCases.directory("/s/p/q", parents: true),
            MakingCases.file("/s/f", "F"),
            MakingCases.link("/s/l", "f"),
            MakingCases.directory("/s/o", owner: Ownership(user: .id(1), group: .id(2))),
        ]
        #expect(
            try fixture.listLayer(fixture.run(changes, on: [shared])) == [
                "d s 2775 @4:9", "d s/d 2755 @0:9", "f s/f 644 F @0:9", "l s/l f @0:9", "d s/o 2755 @1:2",
                "d s/p 755 @0:9", "d s/p/q 755",
            ]
        )
    }

    @Test("One action's result is the base of two others and the source of a third")
    func chained() throws {
        let actions = [
            FileAction(base: nil, output: nil, change: MakingCases.directory("/m")),
            FileAction(base: .action(0), output: 1, change: MakingCases.file("/m/x", "x")),
            FileAction(base: .action(0), output: 2, change: MakingCases.file("/m/y", "y")),
            FileAction(
                base: .action(1),
                source: .action(2),
                output: nil,
                change: .copy(CopyAction(source: "/m/y", destination: "/copied"))
            ),
            FileAction(
                base: .action(3),
                source: .input(0),
                output: 0,
                change: .copy(CopyAction(source: "/top", destination: "/m/top"))
            ),
        ]
        let results = try fixture.executor().execute(FileOperation(actions: actions), inputs: [base])
        #expect(try fixture.list(results[0].snapshot) == ["f copied 644 y", "d m 755", "f m/top 644 T", "f m/x 644 x"])
        #expect(try fixture.list(results[1].snapshot) == ["d m 755", "f m/x 644 x"])
        #expect(try fixture.list(results[2].snapshot) == ["d m 755", "f m/y 644 y"])
    }

    @Test("The definition of BuildKit's client with chained actions builds what it says")
    func definition() throws {
        let change = MakingCases.file("/f", "m")
        var builder = DefinitionBuilder()
        let made = builder.add(
            .file(FileOperation(actions: [FileAction(base: nil, output: 0, change: change)]))
        )
        let definition = try Definition(decoding: builder.finish(output: made).encoded)
        guard case .file(let operation)? = definition.vertices.last?.operation else {
            Issue.record("not a file operation")
            return
        }
        let result = try fixture.executor().execute(operation, inputs: [])[0]
        #expect(try fixture.list(result.snapshot) == ["f f 644 m"])
    }
}

/// The tables of the suite.
enum MakingCases {
    static func directory(_ path: String, _ mode: Int32 = 0o755, parents: Bool = false, owner: Ownership? = nil)
        -> FileChange
    {
        .makeDirectory(MakeDirectoryAction(path: path, mode: mode, makesParents: parents, owner: owner))
    }

    static func file(_ path: String, _ text: String, mode: Int32 = 0o644, owner: Ownership? = nil) -> FileChange {
        .makeFile(MakeFileAction(path: path, mode: mode, data: Array(text.utf8), owner: owner))
    }

    static func link(_ path: String, _ target: String) -> FileChange {
        .symlink(SymlinkAction(target: target, path: path))
    }

    static func remove(_ path: String, notFound: Bool = false, wildcard: Bool = false) -> FileChange {
        .remove(RemoveAction(path: path, allowsNotFound: notFound, allowsWildcard: wildcard))
    }

    static let cases: [([FileChange], [String])] = [
        ([directory("/n")], ["d n 755"]),
        ([directory("/n", 0o4711)], ["d n 711"]),
        ([directory("/a")], []),
        ([directory("/top")], []),
        ([directory("/x/y/z", 0o711, parents: true)], ["d x 711", "d x/y 711", "d x/y/z 711"]),
        ([directory("/l/n", parents: true)], ["d a 700 @4:4", "d a/n 755"]),
        ([directory("n/../../m", parents: true)], ["d m 755"]),
        ([directory("/n", owner: Ownership(user: .id(5), group: .id(6)))], ["d n 755 @5:6"]),
        ([file("/n", "N")], ["f n 644 N"]),
        ([file("/a/f", "new", mode: 0o600)], ["d a 700 @4:4", "f a/f 4755 new @6:7"]),
        ([file("/a/f", "new", owner: Ownership(user: .id(1), group: nil))], ["d a 700 @4:4", "f a/f 755 new @1:1"]),
        ([file("/l/g", "G")], ["d a 700 @4:4", "f a/g 644 G"]),
        ([file("/dangling", "D")], ["f none 644 D"]),
        ([link("/l/s", "to/where")], ["d a 700 @4:4", "l a/s to/where"]),
        ([remove("/a/f")], ["d a 700 @4:4", "w a/f"]),
        ([remove("/l/f")], ["d a 700 @4:4", "w a/f"]),
        ([remove("/l")], ["w l"]),
        ([remove("/loop")], ["w loop"]),
        ([remove("/a")], ["w a"]),
        ([remove("/none", notFound: true)], []),
        ([remove("/none/deep", notFound: true)], []),
        ([remove("/a/d/*", wildcard: true)], ["d a 700 @4:4", "d a/d 755", "w a/d/x", "w a/d/y"]),
        ([remove("/*/d/[xz]", wildcard: true)], ["d a 700 @4:4", "d a/d 755", "w a/d/x"]),
        ([remove("/q*", wildcard: true)], []),
        ([remove("/a/f"), file("/a/f", "again")], ["d a 700 @4:4", "f a/f 644 again"]),
        ([remove("/a/d"), directory("/a/d")], ["d a 700 @4:4", "D a/d 755"]),
        ([remove("/a/d"), directory("/a/d"), file("/a/d/x", "X")], ["d a 700 @4:4", "D a/d 755", "f a/d/x 644 X"]),
        ([remove("/a/d"), file("/a/d", "file")], ["d a 700 @4:4", "f a/d 644 file"]),
        ([remove("/top"), directory("/top")], ["d top 755"]),
        ([file("/n", "N"), remove("/n")], []),
        (
            [directory("/m"), file("/m/x", "1"), link("/m/y", "x"), file("/m/y", "2")],
            ["d m 755", "f m/x 644 2", "l m/y x"]
        ),
    ]

    static let refusals: [(FileChange, FileOperationError.Reason)] = [
        (directory("/x/y"), .notFound(path: "/x")),
        (directory("/top/y", parents: true), .notDirectory(path: "/top")),
        (file("/x/y", ""), .notFound(path: "/x")),
        (file("/a", ""), .isDirectory(path: "/a")),
        (file("/loop", ""), .tooManyLinks(path: "/loop")),
        (link("/top", "x"), .exists(path: "/top")),
        (remove("/none"), .notFound(path: "/none")),
        (remove("/dangling"), .notFound(path: "/dangling")),
        (remove("/top/x", notFound: true), .notDirectory(path: "/top")),
        (remove("/"), .emptyPath),
        (file("/n", "", owner: Ownership(user: .name("root", operand: nil), group: nil)), .ownerWithoutInput("root")),
    ]
}
