// SPDX-License-Identifier: Apache-2.0

import BuildModel
import FileOperations
import LLB
import Layers
import OCIModel
import Testing

@Suite("What a file operation sees of an input")
struct VisibilityTests {
    let fixture: FileOperationFixture

    init() throws { fixture = try FileOperationFixture() }

    func visibility(_ snapshot: Snapshot, _ source: String, _ options: (inout CopyAction) -> Void = { _ in }) throws
        -> InputVisibility
    {
        var copy = CopyAction(source: source, destination: "/x")
        options(&copy)
        let operation = FileOperation(actions: [
            FileAction(base: .input(0), source: .input(1), output: 0, change: .copy(copy))
        ])
        return try operation.visibility(of: 1) { try fixture.store.view(snapshot) }
    }

    func tree(_ extra: String..., time: Int = 500) throws -> Snapshot {
        let lines = [
            "d d 755 +\(time)", "f d/a 644 A +\(time)", "f d/b 644 B", "d d/s 700", "f d/s/c 644 C", "f o 644 O",
            "l k d",
        ]
        var kept = lines.filter { line in
            !extra.contains { $0.split(separator: " ")[1] == line.split(separator: " ")[1] }
        }
        kept += extra.filter { !$0.hasPrefix("- ") }
        return try fixture.snapshot(lines: kept)
    }

    @Test("A base counts whole, an input that nothing reads not at all")
    func others() throws {
        let copy = FileChange.copy(CopyAction(source: "/a", destination: "/b"))
        let operation = FileOperation(actions: [FileAction(base: .input(0), source: .input(1), output: 0, change: copy)]
        )
        struct Asked: Error {}
        #expect(try operation.visibility(of: 0) { throw Asked() } == .whole)
        #expect(try operation.visibility(of: 2) { throw Asked() } == .nothing)
        #expect(throws: Asked.self) { try operation.visibility(of: 1) { throw Asked() } }
    }

    @Test("What is not selected does not count, what is selected does")
    func selection() throws {
        let before = try tree()
        let outside = try tree("f o 600 other", "f p 644 P")
        let inside = try tree("f d/a 644 changed")
        let mode = try tree("f d/a 755 A")
        #expect(try visibility(before, "/d") == visibility(outside, "/d"))
        #expect(try visibility(before, "/d") != visibility(inside, "/d"))
        #expect(try visibility(before, "/d") != visibility(mode, "/d"))
        #expect(try visibility(before, "/d") == visibility(tree(time: 900), "/d"), "times don't count")
        #expect(try visibility(before, "/k/a") == visibility(before, "/d/a"), "only the content counts")
        #expect(try visibility(before, "/k") != visibility(before, "/k") { $0.followsSymlink = true })
    }

    @Test("A filter decides what counts; a directory does where something in it is kept")
    func filters() throws {
        let before = try tree()
        func only(_ snapshot: Snapshot) throws -> InputVisibility {
            try visibility(snapshot, "/d") { $0.includePatterns = ["s/*"] }
        }
        #expect(try only(before) == only(tree("f d/a 644 changed", "d d/empty 755")))
        #expect(try only(before) != only(tree("f d/s/c 644 changed")))
        #expect(try only(before) != only(tree("d d/s 711")))
        func without(_ snapshot: Snapshot) throws -> InputVisibility {
            try visibility(snapshot, "/d") { $0.excludePatterns = ["s"] }
        }
        #expect(try without(before) == without(tree("f d/s/c 644 changed", "d d/s 711")))
        #expect(try without(before) != without(tree("f d/b 644 changed")))
    }

    @Test("The names that a wildcard matches count")
    func wildcards() throws {
        func seen(_ snapshot: Snapshot) throws -> InputVisibility {
            try visibility(snapshot, "/d/?") { $0.allowsWildcard = true }
        }
        let before = try tree()
        #expect(try seen(before) == seen(tree("f d/long 644 L")))
        #expect(try seen(before) != seen(tree("f d/z 644 L")))
        #expect(try seen(before) != seen(tree("- d/b", "f d/q 644 B")))
        #expect(throws: FileOperationError("copy /q* /x", .noMatch(pattern: "/q*"))) {
            try visibility(before, "/q*") { $0.allowsWildcard = true }
        }
        #expect(throws: FileOperationError("copy /q /x", .notFound(path: "/q"))) { try visibility(before, "/q") }
    }

    @Test("The empty file system can be copied from as a whole, and holds nothing by name")
    func scratch() throws {
        #expect(try visibility(.scratch, "/") == visibility(.scratch, "/"))
        #expect(try visibility(.scratch, "/") != visibility(tree(), "/"))
        #expect(throws: FileOperationError("copy /a /x", .notFound(path: "/a"))) { try visibility(.scratch, "/a") }
        #expect(try fixture.copy("/", "/x", on: [.scratch, .scratch]).layer?.entries == 1)
    }

    @Test("Of the accounts only the numbers of the owner count")
    func accounts() throws {
        func seen(_ passwd: String) throws -> InputVisibility {
            let owner = Ownership(user: .name("web", operand: .input(1)), group: nil)
            let file = FileChange.makeFile(MakeFileAction(path: "/f", mode: 0o644, data: [], owner: owner))
            let operation = FileOperation(actions: [FileAction(base: .input(0), output: 0, change: file)])
            let snapshot = try fixture.snapshot("d etc 755", "f etc/passwd 644 \(passwd)")
            return try operation.visibility(of: 1) { try fixture.store.view(snapshot) }
        }
        #expect(try seen("web:x:3:4::/:/x") == seen("root:x:0:0::/:/x\nweb:x:3:4::/home:/y"))
        #expect(try seen("web:x:3:4::/:/x") != seen("web:x:3:5::/:/x"))
        #expect(try seen("web:x:0:0::/:/x") != seen("other:x:3:5::/:/x"))
    }

    @Test("Twenty thousand files", .timeLimit(.minutes(1)))
    func size() throws {
        var lines = ["d d 755"]
        for index in 0..<20_000 { lines.append("f d/\(index) 644 content-\(index)") }
        let many = try fixture.snapshot(lines: lines)
        let whole = try visibility(many, "/d")
        #expect(try whole == visibility(many, "/d"))
        let result = try fixture.copy("/d", "/x", on: [.scratch, many])
        #expect(result.layer?.entries == 20_001)
    }
}
